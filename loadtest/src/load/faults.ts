import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient, SocketClient } from '@carillon/testkit';
import type { LoadTarget } from './load-target.ts';

type Fault = { readonly target: LoadTarget; readonly mark: (name: string) => void; readonly announce: (text: string) => void };

const betweenMs = 3_000;

/**
 * Drains one shard after the other with SIGTERM, as a rolling restart does, and starts each again under its id. A target that was
 * not started here is restarted by whoever runs it: the run only watches.
 */
export async function rollShards({ target, mark, announce }: Fault): Promise<void> {
  const { cluster } = target;
  if (cluster === undefined) return announce('restart the shards now, one by one (kubectl rollout restart statefulset/…)');
  for (const [index, shard] of [...cluster.shards].entries()) {
    mark(`drain ${shard.id}`);
    shard.process.signal('SIGTERM');
    const how = await shard.process.exited();
    mark(`${shard.id} ended`);
    if (how !== 'exit code 0') throw new Error(`${shard.id} did not drain: ${how}`);
    await cluster.startShard(index);
    mark(`${shard.id} is back`);
    await pause(betweenMs);
  }
}

/**
 * Opens a second connection for some of the run's readers and stops reading it, as a phone in a tunnel does. Their ends (4002) are
 * the server's answer; dispose closes what is left.
 */
export async function stallReaders({ target, mark }: Fault, users: readonly string[]): Promise<AsyncDisposable> {
  const api = new ApiClient(target.url);
  const sockets = await Promise.all(users.map(async (user) => SocketClient.open(await api.ticket(user))));
  for (const socket of sockets) socket.pause();
  mark(`${users.length} stop reading`);
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()));
    },
  };
}
