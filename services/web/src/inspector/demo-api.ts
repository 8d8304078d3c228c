/** The way of one event to one user; times are those of the server's clock, which on one machine is also the tab's. */
export type Way = {
  readonly chat_id: string;
  readonly seq: number;
  readonly event: string;
  readonly partition: number;
  readonly offset: number | null;
  readonly committed_at: number;
  readonly relayed_at: number;
  readonly appended_at: number | null;
  readonly shard_id: string | null;
  readonly readings: number;
  readonly received_at: number | null;
  readonly delivered_at: number | null;
};

type ShardState = { readonly shard_id: string; readonly is_up: boolean; readonly partitions: number; readonly connections: number };

/** Where a user's events go, and which shards there are. */
export type Place = {
  readonly partition: number;
  readonly partition_count: number;
  readonly owner_shard_id: string | null;
  readonly shards: readonly ShardState[];
};

/** What only `npm start` has beside the API. Each rejects with a sentence for the user. */
export const demoApi = {
  ways: (userId: string, after: number) =>
    ask<{ ways: Way[]; next: number }>('GET', `/ways?${query({ user_id: userId, after: `${after}` })}`),
  place: (userId: string) => ask<Place>('GET', `/cluster?${query({ user_id: userId })}`),
  killShard: (shardId: string) => ask<{ back_at: number }>('POST', `/faults/kill-shard?${query({ shard_id: shardId })}`),
  pauseDelivery: (userId: string) => ask<{ ends_at: number }>('POST', `/faults/pause-delivery?${query({ user_id: userId })}`),
};

function query(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}

async function ask<T>(method: string, path: string): Promise<T> {
  const answer = await fetch(`/demo${path}`, { method, headers: { 'x-carillon-demo': '1' } });
  if (answer.ok) return answer.json();
  if (answer.status === 404 && method === 'GET') throw new Error('Only npm start on this machine tells the way of a message');
  const problem: unknown = await answer.json().catch(() => undefined);
  const detail = typeof problem === 'object' && problem !== null && 'detail' in problem ? String(problem.detail) : undefined;
  throw new Error(detail ?? `the server answered ${answer.status}`);
}
