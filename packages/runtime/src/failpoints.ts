import { z } from 'zod';

/** The places where a test may make a process fail, each between two lines that a kill from outside would hardly ever part. */
const failpointNames = [
  'api.before_commit',
  'api.after_commit',
  'relay.after_send',
  'relay.mid_fanout',
  'shard.after_ws_send',
  'shard.before_commit_offset',
  'shard.handler_error',
] as const;

export type FailpointName = (typeof failpointNames)[number];

/**
 * Passed by a process at a named place. Unarmed it does not exist at all: callers write `failpoint?.('…')`, which costs a test
 * for undefined. A promise is a `sleep`; a place that cannot wait may ignore it.
 */
export type Failpoint = (name: FailpointName) => Promise<void> | undefined;

/** What happens at a place: always, with a probability, or at the one pass `onlyAtPass` (from 1). */
export type FailpointRule = {
  readonly name: FailpointName;
  readonly action: 'kill' | 'throw' | 'sleep' | 'block';
  /** Of `sleep` and `block`. */
  readonly ms: number;
  readonly probability: number;
  readonly onlyAtPass: number | undefined;
};

/** What a rule does to the process; an input, so that a test survives it. */
type Effects = {
  readonly kill: () => void;
  readonly sleep: (ms: number) => Promise<void>;
  readonly block: (ms: number) => void;
  readonly random: () => number;
};

const pattern = /^(?<name>[a-z_.]+)=(?<action>kill|throw|sleep|block)(?::(?<value>\d+(?:\.\d+)?))?(?:@(?<pass>[1-9]\d*))?$/;

/**
 * The variable FAILPOINTS: `name=action[:value][@pass]`, several separated by `;`. `kill` (SIGKILL of the own process) and `throw`
 * (a TypeError) take a probability, `sleep` and `block` (the event loop stands still) take milliseconds. Production refuses it [L4].
 */
export function failpointsVariable(production: boolean) {
  return z
    .string()
    .transform((text, context) => {
      const rules = text.split(';').map((part) => parseRule(part.trim()));
      const sound = rules.filter((rule) => rule !== undefined);
      if (sound.length < rules.length)
        context.addIssue({ code: 'custom', message: `must be name=action[:value][@pass]; names: ${failpointNames.join(', ')}` });
      return sound;
    })
    .refine(() => !production, 'must not be set in production: it makes the process fail on purpose')
    .optional()
    .describe('Faults on purpose, for tests of a cluster; refused in production.');
}

/** The process's failpoint; undefined without rules, so that nothing is left of it where it is not used. */
export function armFailpoints(rules: readonly FailpointRule[] | undefined, effects: Effects = processEffects): Failpoint | undefined {
  if (rules === undefined || rules.length === 0) return undefined;
  const passes = new Map<FailpointName, number>();
  return (name) => {
    const pass = (passes.get(name) ?? 0) + 1;
    passes.set(name, pass);
    const rule = rules.find((one) => one.name === name && (one.onlyAtPass ?? pass) === pass);
    return rule === undefined || effects.random() >= rule.probability ? undefined : apply(rule, effects);
  };
}

function apply({ name, action, ms }: FailpointRule, effects: Effects): Promise<void> | undefined {
  if (action === 'sleep') return effects.sleep(ms);
  if (action === 'throw') throw new TypeError(`failpoint ${name}`);
  if (action === 'kill') effects.kill();
  else effects.block(ms);
  return undefined;
}

function parseRule(text: string): FailpointRule | undefined {
  const { name, action = '', value, pass } = pattern.exec(text)?.groups ?? {};
  const known = failpointNames.find((one) => one === name);
  const amount = readAmount(action, value);
  if (known === undefined || amount === undefined) return undefined;
  const onlyAtPass = pass === undefined ? undefined : Number(pass);
  return { name: known, action: action as FailpointRule['action'], ...amount, onlyAtPass };
}

/** Undefined: a time is missing, or a probability is above 1. */
function readAmount(action: string, value: string | undefined): Pick<FailpointRule, 'ms' | 'probability'> | undefined {
  if (action === 'sleep' || action === 'block') return value === undefined ? undefined : { ms: Number(value), probability: 1 };
  const probability = Number(value ?? 1);
  return probability > 1 ? undefined : { ms: 0, probability };
}

const processEffects: Effects = {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  block: (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  random: Math.random,
};
