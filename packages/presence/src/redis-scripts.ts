import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/** The registry's Lua scripts with the number of keys each takes. */
const keyCounts = {
  'claim-epoch': 1,
  'renew-lease': 3,
  'release-lease': 2,
  'read-leases': 1,
  register: 1,
  unregister: 1,
  'load-partition': 2,
} as const;

export type ScriptName = keyof typeof keyCounts;

const folder = new URL('../scripts/', import.meta.url);

/** A script call: keys first, then arguments. The answer is not trusted: its reader parses it. */
export type RunScript = (name: ScriptName, ...args: readonly (string | number)[]) => Promise<unknown>;

/**
 * Defines the scripts on a connection: EVALSHA, with EVAL as fallback, so that they survive SCRIPT FLUSH and a failover.
 * Reads the files synchronously; throws when one is missing.
 */
export function defineScripts(redis: Redis): RunScript {
  const commands = new Map<ScriptName, (...args: readonly (string | number)[]) => Promise<unknown>>();
  for (const name of scriptNames) {
    const command = `carillon-${name}`;
    redis.defineCommand(command, { lua: readFileSync(new URL(`${name}.lua`, folder), 'utf8'), numberOfKeys: keyCounts[name] });
    commands.set(name, commandOf(redis, command));
  }
  return (name, ...args) => commands.get(name)?.(...args) ?? Promise.reject(new Error(`no script ${name}`));
}

const scriptNames: readonly ScriptName[] = [
  'claim-epoch',
  'renew-lease',
  'release-lease',
  'read-leases',
  'register',
  'unregister',
  'load-partition',
];

/** `defineCommand` adds a method that the type of Redis does not know. */
function commandOf(redis: Redis, command: string): (...args: readonly (string | number)[]) => Promise<unknown> {
  return (...args) => {
    const method: unknown = Reflect.get(redis, command);
    if (typeof method !== 'function') return Promise.reject(new Error(`redis has no command ${command}`));
    return Promise.resolve(Reflect.apply(method, redis, args));
  };
}
