import type { LiveLease } from '@carillon/presence';

/** A lease that was not renewed for longer may be a dead shard's: no ticket leads there. */
const maxAgeMs = 6_000;

type Choice = { readonly partition: number | undefined; readonly avoidShardId: string | undefined };

/**
 * The shard for a user: the owner of their partition, so that push needs no forwarding; else, or when that one is to be avoided,
 * the one with the fewest connections. Where only the avoided one lives it is better than none. Undefined when none lives.
 */
export function chooseShard(leases: readonly LiveLease[], { partition, avoidShardId }: Choice): LiveLease | undefined {
  const live = leases.filter(({ ageMs, state }) => ageMs <= maxAgeMs && state === 'active');
  const others = live.filter(({ shardId }) => shardId !== avoidShardId);
  const candidates = others.length > 0 ? others : live;
  const owner = candidates.find(({ partitions }) => partition !== undefined && partitions.includes(partition));
  return owner ?? candidates.toSorted((a, b) => a.connections - b.connections)[0];
}
