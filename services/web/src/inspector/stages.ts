import type { Way } from './demo-api.ts';
import type { Arrival } from './wire-log.ts';

export type StageName = 'api' | 'log' | 'shard' | 'tab';
/** A part of an event's way; `ms` undefined: not yet there, or not seen from here. */
export type Stage = { readonly name: StageName; readonly ms: number | undefined };

/** A message's way cut into its stages: to Postgres (for what was sent from this page), to Kafka, to the shard, to this tab. */
export function stagesOf(way: Way, arrival: Arrival | undefined): readonly Stage[] {
  const { committed_at, appended_at, received_at } = way;
  return [
    { name: 'api', ms: between(arrival?.sentAtMs, committed_at) },
    { name: 'log', ms: between(committed_at, appended_at) },
    { name: 'shard', ms: between(appended_at, received_at) },
    { name: 'tab', ms: between(received_at, arrival?.atMs) },
  ];
}

/** From the first moment that is known to the arrival here; undefined until then. */
export function totalMs(way: Way, arrival: Arrival | undefined): number | undefined {
  return between(arrival?.sentAtMs ?? way.committed_at, arrival?.atMs);
}

/** Each clock tells whole milliseconds: what seems to be negative is 0. */
function between(from: number | null | undefined, to: number | null | undefined): number | undefined {
  return typeof from === 'number' && typeof to === 'number' ? Math.max(0, to - from) : undefined;
}
