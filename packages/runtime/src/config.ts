import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** One variable that is wrong: the sentence names it and never shows a secret's value. */
export type ConfigFault = { readonly variable: string; readonly detail: string };

/** Every fault of the configuration at once [L4]. The process that meets it exits with 78 (`EX_CONFIG`). */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(['the configuration has faults:', ...faults.map((fault) => `  ${fault.variable}: ${fault.detail}`)].join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

export const configExitCode = 78;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Parses the environment once, at the start of a process. An empty variable counts as absent; a variable `X` may stand in a file
 * that `X_FILE` names, as orchestrators mount secrets [L9]. The result is frozen. Throws ConfigError with all faults.
 */
export function parseConfig<S extends z.ZodType>(schema: S, env: Environment): Readonly<z.output<S>> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const files = readFiles(schema, present);
  const result = schema.safeParse({ ...present, ...files.values });
  if (result.success && files.faults.length === 0) return Object.freeze(result.data);
  const issues = result.success ? [] : result.error.issues;
  const faults = issues.map((issue) => ({ variable: issue.path.map(String).join('.') || '(configuration)', detail: faultOf(issue) }));
  const isTold = ({ variable }: ConfigFault) => files.faults.some((fault) => fault.variable === fileVariable(variable));
  throw new ConfigError([...files.faults, ...faults.filter((fault) => !isTold(fault))]);
}

const fileVariable = (name: string) => `${name}_FILE`;

function readFiles(schema: z.ZodType, env: Environment): { values: Record<string, string>; faults: ConfigFault[] } {
  const values: Record<string, string> = {};
  const faults: ConfigFault[] = [];
  for (const name of schema instanceof z.ZodObject ? Object.keys(schema.shape) : []) {
    const file = env[fileVariable(name)];
    if (file === undefined) continue;
    const read = env[name] === undefined ? readValue(file) : { fault: `must not be set beside ${name}` };
    if ('fault' in read) faults.push({ variable: fileVariable(name), detail: read.fault });
    else values[name] = read.value;
  }
  return { values, faults };
}

/** A last line break is the editor's, not the secret's. */
function readValue(file: string): { value: string } | { fault: string } {
  try {
    const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return value === '' ? { fault: 'names an empty file' } : { value };
  } catch (error) {
    return { fault: `cannot be read: ${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'}` };
  }
}

function faultOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is required';
  return issue.message;
}

/** `production` unless NODE_ENV says development or test: a forgotten variable is never the unsafe choice. */
export function isProduction(env: Environment): boolean {
  return env['NODE_ENV'] !== 'development' && env['NODE_ENV'] !== 'test';
}

/** The kinds of variable that the processes' schemas are made of. Each message completes the sentence «VARIABLE …». */
export const variable = {
  integer: (limits: { min: number; max: number }) =>
    z
      .string()
      .regex(/^-?\d+$/, 'must be a whole number')
      .transform(Number)
      .pipe(z.number().min(limits.min, `must be at least ${limits.min}`).max(limits.max, `must be at most ${limits.max}`)),
  port: () => variable.integer({ min: 0, max: 65_535 }),
  boolean: () => z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true'),
  url: (...protocols: string[]) =>
    z
      .string()
      .refine(
        (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
        `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
      ),
  secret: (minBytes: number) => z.string().refine((text) => Buffer.byteLength(text) >= minBytes, `must have at least ${minBytes} bytes`),
  list: () =>
    z.string().transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    ),
};
