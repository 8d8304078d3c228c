import { decodeCursor, encodeCursor } from './cursor.ts';

/** A whole transaction snapshot: which changes a client has been told of. */
type SnapshotPoint = {
  /** `pg_current_snapshot()` as text. */
  readonly snapshot: string;
  /** When it was taken, by the database's clock. */
  readonly atMs: number;
};

/** The server and its history: a restored or promoted copy shares the system identifier, only the timeline differs. */
type DatabaseLine = { readonly timeline: string; readonly system: string };

/** The place in a run of several pages. `next` is the snapshot of its first page: the base of the next run. */
type RunPlace = { readonly of: 'sync' | 'heads'; readonly next: SnapshotPoint; readonly chatId: string; readonly seq: number };

export type SyncCursor = { readonly base: SnapshotPoint; readonly line: DatabaseLine; readonly place?: RunPlace };

/** SQL of what a fresh cursor holds; fails on a standby, whose snapshots cannot be compared with the primary's. */
export const currentPoint = `pg_current_snapshot()::text AS snapshot, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "atMs",
  left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline, (SELECT system_identifier::text FROM pg_control_system()) AS system`;

export type CurrentPoint = SnapshotPoint & DatabaseLine;

/** A cursor for what comes after this point. */
export function cursorAfter(point: CurrentPoint): string {
  const { snapshot, atMs, timeline, system } = point;
  return formatSyncCursor({ base: { snapshot, atMs }, line: { timeline, system } });
}

const version = 1;

export function formatSyncCursor(cursor: SyncCursor): string {
  const { base, line, place } = cursor;
  const head = [version, line.timeline, line.system, base.snapshot, base.atMs];
  return encodeCursor(place === undefined ? head : [...head, place.of, place.next.snapshot, place.next.atMs, place.chatId, place.seq]);
}

/** Undefined when it was not made by `formatSyncCursor`: a client may send anything, and Postgres shall not see it. */
export function parseSyncCursor(cursor: string): SyncCursor | undefined {
  const decoded = decodeCursor(cursor);
  if (!Array.isArray(decoded) || decoded[0] !== version) return undefined;
  const [, timeline, system, snapshot, atMs, ...rest]: unknown[] = decoded;
  const base = point(snapshot, atMs);
  if (base === undefined || typeof timeline !== 'string' || typeof system !== 'string') return undefined;
  const line = { timeline, system };
  if (rest.length === 0) return { base, line };
  const place = placeOf(rest);
  return place === undefined ? undefined : { base, line, place };
}

function placeOf([of, snapshot, atMs, chatId, seq]: unknown[]): RunPlace | undefined {
  const next = point(snapshot, atMs);
  if (next === undefined || (of !== 'sync' && of !== 'heads')) return undefined;
  if (typeof chatId !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(chatId)) return undefined;
  return Number.isSafeInteger(seq) && Number(seq) >= 0 ? { of, next, chatId, seq: Number(seq) } : undefined;
}

function point(snapshot: unknown, atMs: unknown): SnapshotPoint | undefined {
  if (typeof snapshot !== 'string' || !isSnapshot(snapshot)) return undefined;
  return Number.isSafeInteger(atMs) ? { snapshot, atMs: Number(atMs) } : undefined;
}

/** Postgres reads a transaction id as a `bigint`. */
const maxXid = 2n ** 63n - 1n;

/** `xmin:xmax:xip,…`, where 0 < xmin ≤ xip < xmax, ascending: what Postgres itself accepts. */
function isSnapshot(text: string): boolean {
  if (!/^\d{1,19}:\d{1,19}:(\d{1,19}(,\d{1,19})*)?$/.test(text)) return false;
  const [xmin = '', xmax = '', running = ''] = text.split(':');
  const [low, high] = [BigInt(xmin), BigInt(xmax)];
  const xids = running === '' ? [] : running.split(',').map(BigInt);
  const isAscending = xids.every((xid, index) => xid >= (xids[index - 1] ?? low) && xid < high);
  return low > 0n && low <= high && high <= maxXid && isAscending;
}

/** Whether a run from this cursor could miss something: another history, or events that retention may have removed. */
export function isTooOld(cursor: SyncCursor, now: CurrentPoint, retentionDays: number): boolean {
  if (cursor.line.timeline !== now.timeline || cursor.line.system !== now.system) return true;
  return now.atMs - cursor.base.atMs > (retentionDays - 1) * 86_400_000;
}
