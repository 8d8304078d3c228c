import { z } from 'zod';
import { version } from './version.ts';

type CommandLine = {
  readonly args: readonly string[];
  /** As it is called, from the project's root. */
  readonly program: string;
  readonly does: string;
  readonly schema: z.ZodObject;
};

/**
 * Answers `--help` and `--version` and ends the process; anything else on the command line is a mistake, told with exit code 64
 * (`EX_USAGE`): a process is configured by its environment only.
 */
export function answerCommandLine({ args, program, does, schema }: CommandLine): void {
  const [first] = args;
  if (first === undefined) return;
  if (first === '--version') exit(0, version);
  if (first === '--help') exit(0, help(program, does, schema));
  exit(64, `carillon: unknown argument ${first}; see node ${program} --help`);
}

function help(program: string, does: string, schema: z.ZodObject): string {
  const variables = Object.entries(schema.shape).map(([variable, type]) => `  ${variable.padEnd(26)}${descriptionOf(type)}`);
  return [does, '', `Usage: node ${program} [--help] [--version]`, '', 'Configured by the environment:', '', ...variables].join('\n');
}

function descriptionOf(type: z.core.$ZodType): string {
  const description = z.globalRegistry.get(type)?.description ?? '';
  const fallback = type instanceof z.ZodDefault ? ` Default: ${String(type.def.defaultValue) || 'none'}.` : '';
  return description + fallback;
}

function exit(code: number, text: string): never {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exit(code);
}
