import { type ParseArgsConfig, parseArgs } from 'node:util';
import { StartError } from '@carillon/runtime';

/** What a command may touch: tests give their own. */
export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results: standard output. */
  readonly print: (text: string) => void;
  /** Progress and remarks: standard error. */
  readonly note: (text: string) => void;
  /** The user's Ctrl-C. */
  readonly signal: AbortSignal;
};

/** One command of the CLI; resolves with its exit code. Throws StartError with one sentence for the person at the terminal. */
export type Command = {
  readonly does: string;
  readonly usage: string;
  readonly run: (args: readonly string[], surroundings: Surroundings) => Promise<number>;
};

type Options = NonNullable<ParseArgsConfig['options']>;

/** Flags every command has beside its own. */
export const commonOptions = { json: { type: 'boolean' } } as const;

/** Where the processes are: flags of every command that looks at admin ports. */
export const adminOptions = { ...commonOptions, admin: { type: 'string' }, cluster: { type: 'string' } } as const;

export const adminUsage = `  --admin URLS    admin ports, separated by commas ($CARILLON_ADMIN_URLS); a name that several addresses stand behind is all of them
  --cluster FILE  what npm run cluster -- --json FILE wrote ($CARILLON_CLUSTER)
  --json          for programs`;

/** A flag's whole number from 1 on. Throws StartError with the usage, before the command has done anything. */
export function wholeNumber(flag: string, text: string, usage: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new StartError(`--${flag} takes a whole number from 1 on, not ${text}\n\n${usage}`);
}

type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>>;

/** Throws StartError with the usage. */
export function parse<O extends Options>(args: readonly string[], options: O, usage: string): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error });
  }
}
