import { version } from '@carillon/runtime';
import { z } from 'zod';

type CommandLine = { readonly args: readonly string[]; readonly name: string; readonly does: string; readonly schema: z.ZodObject };

/**
 * Answers `--help` and `--version` and ends the process; anything else on the command line is a mistake, told with exit code 64
 * (`EX_USAGE`): a process is configured by its environment only.
 */
export function answerCommandLine({ args, name, does, schema }: CommandLine): void {
  const [first] = args;
  if (first === undefined) return;
  if (first === '--version') exit(0, version);
  if (first === '--help') exit(0, help(name, does, schema));
  exit(64, `carillon ${name}: unknown argument ${first}; see --help`);
}

function help(name: string, does: string, schema: z.ZodObject): string {
  const usage = `Usage: node services/api/dist/bin/${name}.js [--help] [--version]`;
  const variables = Object.entries(schema.shape).map(([variable, type]) => `  ${variable.padEnd(24)}${descriptionOf(type)}`);
  return [does, '', usage, '', 'Configured by the environment:', '', ...variables].join('\n');
}

function descriptionOf(type: z.core.$ZodType): string {
  const description = z.globalRegistry.get(type)?.description ?? '';
  const fallback = type instanceof z.ZodDefault ? ` Default: ${String(type.def.defaultValue)}.` : '';
  return description + fallback;
}

function exit(code: number, text: string): never {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exit(code);
}
