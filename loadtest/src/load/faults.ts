import { setTimeout as pause } from 'node:timers/promises';
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
