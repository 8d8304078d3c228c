// The image's only program: `carillon <command>`, in this same process, so that a signal to PID 1 reaches the command itself.
import { existsSync, readFileSync } from 'node:fs';

const commands = {
  api: 'services/api/dist/bin/api.js',
  shard: 'services/shard/dist/bin/shard.js',
  migrate: 'services/api/dist/bin/migrate.js',
  preflight: 'services/api/dist/bin/preflight.js',
  canary: 'services/canary/dist/bin/canary.js',
};

/** What an operator asks from inside: the CLI is one program, which takes the command's name too. */
const cli = 'services/cli/dist/bin/carillon.js';
const asked = ['doctor', 'status', 'drain', 'tail', 'publish'];

const [node, , command, ...args] = process.argv;
if (command === undefined || !(Object.hasOwn(commands, command) || asked.includes(command))) {
  const isHelp = command === undefined || command === '--help';
  const text = `Usage: carillon <${[...Object.keys(commands), ...asked].join('|')}> [--help] [--version]\n`;
  (isHelp ? process.stdout : process.stderr).write(text);
  process.exit(isHelp ? 0 : 64);
}

// The build recorded what it put in; the shard loads nothing else.
const sum = new URL('engine.sha256', import.meta.url);
if (existsSync(sum)) process.env.UWS_SHA256 ??= readFileSync(sum, 'utf8').slice(0, 64);

const program = new URL(commands[command] ?? cli, import.meta.url);
process.argv = [node, program.pathname, ...(asked.includes(command) ? [command] : []), ...args];
await import(program.href);
