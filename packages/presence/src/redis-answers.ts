import { type LiveLease, parseShardToken, type RenewOutcome, type ShardLease } from './presence.ts';

/** A lease as the fields and values of its hash; `parseLease` reads them back. */
export function leaseFields(lease: ShardLease): string[] {
  const fields = ['epoch', `${lease.epoch}`, 'address', lease.url, 'state', lease.state, 'connections', `${lease.connections}`];
  fields.push('partitions', lease.partitions.join(','));
  return lease.memberId === undefined ? fields : [...fields, 'member_id', lease.memberId];
}

/** The lease in a hash, or undefined when there is none. Throws when the hash is something else. */
export function parseLease(shardId: string, hash: Readonly<Record<string, string | undefined>>): ShardLease | undefined {
  if (hash['epoch'] === undefined) return undefined;
  return {
    shardId,
    epoch: parseEpoch(Number(hash['epoch'])),
    url: parseText(hash['address']),
    state: parseState(hash['state']),
    connections: Number(hash['connections']),
    partitions: parsePartitions(hash['partitions']),
    memberId: hash['member_id'],
  };
}

/** The answer of `read-leases`. */
export function parseLiveLeases(answer: unknown): LiveLease[] {
  return parseList(answer).map((row) => {
    const [token, ageMs, address, state, connections, partitions, memberId] = parseList(row);
    const { shardId, epoch } = parseShardToken(parseText(token));
    return {
      shardId,
      epoch,
      url: parseText(address),
      state: parseState(state),
      connections: Number(connections),
      partitions: parsePartitions(partitions),
      memberId: typeof memberId === 'string' ? memberId : undefined,
      ageMs: Number(ageMs),
    };
  });
}

/** The answer of `load-partition`. */
export function parsePage(answer: unknown): { cursor: string; entries: [userId: string, tokens: string[]][] } {
  const [cursor, ...rest] = parseList(answer);
  const entries: [string, string[]][] = [];
  for (let i = 0; i < rest.length; i += 2) entries.push([parseText(rest[i]), parseText(rest[i + 1]).split(',')]);
  return { cursor: parseText(cursor), entries };
}

/** The answer of `renew-lease`. */
export function parseOutcome(answer: unknown): RenewOutcome {
  if (answer === 'renewed' || answer === 'restored' || answer === 'fenced') return answer;
  throw new TypeError(`not an outcome of a renewal: ${String(answer)}`);
}

/** The answer of `claim-epoch`. */
export function parseEpoch(answer: unknown): number {
  if (typeof answer === 'number' && Number.isSafeInteger(answer) && answer > 0) return answer;
  throw new TypeError(`not an epoch: ${String(answer)}`);
}

/** The `run_id` in the answer of INFO. */
export function parseRunId(info: string): string {
  const line = info.split('\r\n').find((text) => text.startsWith('run_id:'));
  if (line === undefined) throw new TypeError('INFO has no run_id');
  return line.slice('run_id:'.length);
}

function parseState(value: unknown): ShardLease['state'] {
  if (value === 'active' || value === 'draining') return value;
  throw new TypeError(`not a shard's state: ${String(value)}`);
}

function parsePartitions(value: unknown): number[] {
  const text = parseText(value);
  return text === '' ? [] : text.split(',').map(Number);
}

function parseText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`expected a text, got ${typeof value}`);
}

function parseList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`expected a list, got ${typeof value}`);
}
