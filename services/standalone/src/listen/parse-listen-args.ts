import { parseArgs } from 'node:util';
import { userIdSchema } from '@carillon/protocol';
import { StartError } from '@carillon/runtime';

export const listenUsage = `npm run listen -- <user> [--api URL] [--json]: connects as that user and prints what is pushed

  --api URL   base URL of the API, of npm start or npm run cluster (http://127.0.0.1:$API_PORT, 8080)
  --json      one frame a line, as it came
  --help

The server must hand out development tokens (DEV_TOKENS=true): npm start and npm run cluster do.
`;

export type ListenOptions = { readonly userId: string; readonly apiUrl: string; readonly json: boolean };

/** Throws StartError with one sentence. */
export function parseListenArgs(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ListenOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help === true) return 'help';
  const [userId, ...more] = positionals;
  if (userId === undefined || more.length > 0) throw new StartError(`name one user\n\n${listenUsage}`);
  if (!userIdSchema.safeParse(userId).success) throw new StartError('a user id has 1 to 128 visible ASCII characters');
  const apiUrl = (values.api ?? `http://127.0.0.1:${env['API_PORT'] || '8080'}`).replace(/\/+$/, '');
  if (!URL.canParse(apiUrl)) throw new StartError(`--api ${apiUrl} is not a URL`);
  return { userId, apiUrl, json: values.json === true };
}

function parse(args: readonly string[]) {
  try {
    const options = { api: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${listenUsage}`, { cause: error });
  }
}
