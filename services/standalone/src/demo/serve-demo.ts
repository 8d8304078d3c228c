import type { Api } from '@carillon/api';
import type { Presence } from '@carillon/presence';
import { AppError, partitionOf } from '@carillon/protocol';
import { z } from 'zod';
import type { DeliveryPause } from './delivery-pause.ts';
import type { DeliveryWays } from './delivery-ways.ts';
import type { MortalShard } from './mortal-shard.ts';
import { requireOwnPage } from './own-page.ts';

type DemoOptions = {
  readonly app: Api['app'];
  readonly shards: readonly Pick<MortalShard, 'id' | 'isUp' | 'kill'>[];
  readonly ways: DeliveryWays;
  readonly pause: DeliveryPause;
  readonly presence: Presence;
  readonly partitionCount: number;
};

const userId = z.string().regex(/^[!-~]{1,128}$/, 'is 1 to 128 visible ASCII characters');
const waysQuery = z.object({ user_id: userId, after: z.coerce.number().int().min(0).default(0) });
const userQuery = z.object({ user_id: userId });
const shardQuery = z.object({ shard_id: z.string().min(1).max(128) });

/**
 * What the demo's panel asks and does, under `/demo`: the ways of a user's last events, who holds what, and two faults. Only for
 * the page that this process serves [E1]. Called before the first request, and before the page.
 */
export function serveDemo({ app, shards, ways, pause, presence, partitionCount }: DemoOptions): void {
  app.use('/demo/*', async ({ req }, next) => {
    requireOwnPage((name) => req.header(name));
    await next();
  });
  app.get('/demo/ways', (context) => {
    const { user_id, after } = read(waysQuery, context.req.query());
    return context.json(ways.of(user_id, after), 200, noStore);
  });
  app.get('/demo/cluster', async (context) => {
    const { user_id } = read(userQuery, context.req.query());
    const partition = partitionOf(user_id, partitionCount);
    const leases = await presence.readLeases();
    const states = shards.map(({ id, isUp }) => {
      const lease = leases.find((found) => found.shardId === id);
      return { shard_id: id, is_up: isUp, partitions: lease?.partitions.length ?? 0, connections: lease?.connections ?? 0 };
    });
    const owner = leases.find((lease) => lease.partitions.includes(partition))?.shardId ?? null;
    return context.json({ partition, partition_count: partitionCount, owner_shard_id: owner, shards: states }, 200, noStore);
  });
  app.post('/demo/faults/kill-shard', (context) => {
    const { shard_id } = read(shardQuery, context.req.query());
    const shard = shards.find(({ id }) => id === shard_id);
    if (shard === undefined) throw new AppError('not_found', { detail: 'There is no such shard' });
    return context.json({ shard_id, back_at: shard.kill() }, 202, noStore);
  });
  app.post('/demo/faults/pause-delivery', (context) => {
    const partition = partitionOf(read(userQuery, context.req.query()).user_id, partitionCount);
    return context.json({ partition, ends_at: pause.begin(partition) }, 202, noStore);
  });
}

const noStore = { 'cache-control': 'no-store' };

function read<T>(schema: z.ZodType<T>, query: Readonly<Record<string, string>>): T {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => ({ pointer: `/query/${path.join('/')}`, detail: message }));
  throw new AppError('validation_failed', { faults });
}
