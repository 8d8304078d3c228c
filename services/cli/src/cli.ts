import { StartError, version } from '@carillon/runtime';
import type { Command, Surroundings } from './command.ts';
import { doctor } from './commands/doctor.ts';
import { drain } from './commands/drain.ts';
import { publish } from './commands/publish.ts';
import { status } from './commands/status.ts';
import { tail } from './commands/tail.ts';

const commands: Readonly<Record<string, Command>> = { doctor, status, drain, tail, publish };

const usage = `carillon <command> [flags]: looks after a Carillon cluster

${Object.entries(commands)
  .map(([name, { does }]) => `  ${name.padEnd(10)} ${does}`)
  .join('\n')}

  carillon <command> --help
  carillon --version
`;

/** Runs one command; resolves with the exit code. Throws StartError with one sentence. */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version') surroundings.print(`${version}\n`);
  if (name === '--help' || name === undefined) surroundings.print(usage);
  if (name === undefined) return 1;
  if (name === '--version' || name === '--help') return 0;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new StartError(`no command is called ${name}\n\n${usage}`);
  if (!rest.includes('--help')) return command.run(rest, surroundings);
  surroundings.print(command.usage);
  return 0;
}
