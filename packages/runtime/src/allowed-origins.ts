import { variable } from './config.ts';

/** The item of `ALLOWED_ORIGINS` that stands for every origin of this machine: the default in development. */
const loopback = 'loopback';

/** `ALLOWED_ORIGINS`, the same for the HTTP API and the shards. */
export function allowedOriginsVariable(production: boolean) {
  return variable
    .list()
    .refine(
      (origins) => origins.every((item) => item === loopback || isOrigin(item)),
      'must be origins as browsers send them, like https://chat.example: lower case, without path or default port; or loopback',
    )
    .default(production ? [] : [loopback])
    .describe(
      'Origins of browsers that may call and connect, exact, separated by commas; `loopback` stands for all of this machine. Development: `loopback`.',
    );
}

/** Exactly one of the list: no suffix, no pattern. */
export function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  if (origin === loopback) return false;
  return allowed.includes(origin) || (allowed.includes(loopback) && isLoopback(origin));
}

/** As a browser spells it; anything else would never be equal to what one sends. */
function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function isLoopback(origin: string): boolean {
  return isOrigin(origin) && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(origin).hostname);
}
