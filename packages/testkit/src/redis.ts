import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Announce } from './apt.ts';
import { freePorts } from './free-ports.ts';
import { ServerProcess } from './process.ts';
import { removeAtExit, removeFolder } from './process-cleanup.ts';
import { provideRedisServer } from './provision.ts';

/** A Redis server of our own: loopback only, nothing persisted, so a restart comes back empty on the same port. */
export type RedisServer = {
  readonly url: string;
  /** Of the running process; undefined after a kill. */
  readonly pid: number | undefined;
  /** For faults: `signal` and `restart`. */
  readonly process: ServerProcess;
  stop(): Promise<void>;
};

type RedisOptions = { readonly announce?: Announce; readonly port?: number };

/** Finds or installs `redis-server` and starts it; resolves when it answers PING. It ends with this process. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const command = await provideRedisServer(options.announce ?? (() => undefined));
  const [port] = options.port === undefined ? await freePorts(1) : [options.port];
  if (port === undefined) throw new Error('no free port');
  const folder = mkdtempSync(join(tmpdir(), 'carillon-redis-'));
  removeAtExit(folder);
  const server = new ServerProcess({
    name: 'redis-server',
    command,
    args: ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder, '--loglevel', 'warning'],
    isReady: () => answersPing(port),
    startTimeoutMs: 15_000,
  });
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return server.pid;
    },
    process: server,
    stop: async () => {
      await server.stop();
      removeFolder(folder);
    },
  };
}

function answersPing(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
  const answer = new Promise<boolean>((resolve) => {
    socket.once('data', (data) => resolve(data.toString().startsWith('+PONG')));
    socket.once('error', () => resolve(false));
    socket.setTimeout(1_000, () => resolve(false));
  });
  return answer.finally(() => socket.destroy());
}
