import type { EventName } from '@carillon/protocol';
import { type Logger, withDeadline } from '@carillon/runtime';
import pg from 'pg';
import { bucketCount } from './bucket.ts';
import { outboxChannel } from './queries/notify-buckets.ts';

/** A change that waits to be told. `data` is the event's data as JSON text, never parsed on its way. */
export type OutboxRow = {
  readonly bucket: number;
  readonly chatId: string;
  readonly seq: number;
  readonly event: EventName;
  readonly actorId: string;
  readonly at: string;
  readonly atMs: number;
  readonly data: string;
  /** The data's length in UTF-8. */
  readonly bytes: number;
  readonly memberVersion: number;
  readonly traceparent: string | null;
};

/** Which row of the outbox. */
export type OutboxKey = Pick<OutboxRow, 'bucket' | 'chatId' | 'seq'>;

/** What may be read of a bucket: so many rows, no further one after so many bytes, of the chats whose id is greater than `afterChat`. */
export type BucketRead = { readonly bucket: number; readonly rows: number; readonly bytes: number; readonly afterChat: string };

export type OutboxRead = {
  readonly buckets: readonly BucketRead[];
  /** Chats that are passed over: the caller still has rows of them. */
  readonly heldChats?: readonly string[];
  /** Rows that go in the same round trip, as by `deleteOutbox`. */
  readonly acknowledged?: readonly OutboxKey[];
};

export type OutboxStatistics = { readonly rows: number; readonly oldestSeconds: number };

type RelaySessionOptions = {
  readonly url: string;
  readonly logger: Logger;
  /** Rows were added to these buckets. */
  readonly onNotify: (buckets: number[]) => void;
  /** The session is gone, and with it every lock. Called once, also after `dispose` of a broken session. */
  readonly onLost: (error: Error) => void;
};

const answerTimeoutMs = 10_000;
const closeTimeoutMs = 2_000;
const bucketLocks = 7_001;
const relayLocks = 7_000;
const exactRows = 10_000;

/**
 * `idle_session_timeout` ends a frozen owner's session (its kernel still answers keepalives), the TCP settings that of a
 * dead host [D12].
 */
const settings = [
  'idle_session_timeout=5s',
  'idle_in_transaction_session_timeout=10s',
  'statement_timeout=5s',
  'tcp_keepalives_idle=5',
  'tcp_keepalives_interval=2',
  'tcp_keepalives_count=3',
  'tcp_user_timeout=10s',
  'client_connection_check_interval=2s',
  'jit=off',
  // All is read by index, a few rows each: a plan that was made while the outbox was empty must be good for a backlog too.
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  // A delete that a crash of Postgres undoes sends its rows once more; to wait for the disk would delay every next batch.
  'synchronous_commit=off',
].map((setting) => `-c ${setting}`);

/** A chat's backlog takes nothing from the others: it gets at most so many rows of a read. */
const rowsPerChat = 16;

/**
 * Which rows, found one by one. Here and below `LIMIT 1` keeps the planner from a join that reads a whole table, which it takes for cheap
 * while it believes the outbox to be empty.
 */
const named = (buckets: string, chats: string, seqs: string) => `ARRAY(
    SELECT x.ctid FROM unnest(${buckets}::smallint[], ${chats}::uuid[], ${seqs}::bigint[]) AS d (bucket, chat_id, seq)
    CROSS JOIN LATERAL (SELECT o.ctid FROM outbox o WHERE o.bucket = d.bucket AND o.chat_id = d.chat_id AND o.seq = d.seq LIMIT 1) x
  )`;

const deleteText = `DELETE FROM outbox WHERE ctid = ANY (${named('$1', '$2', '$3')})`;

/** The rows that go are not read again: the statement sees the table as it was before it. */
const stays = (row: string) => `(${row}.chat_id, ${row}.seq) NOT IN (SELECT * FROM unnest($7::uuid[], $8::bigint[]))`;

/**
 * `step` goes from chat to chat by the primary key (bucket, chat_id, seq), one probe each, however long a chat's backlog is, and only as
 * far as there is room for rows: the chats that have any share the room.
 */
const readOutboxText = `WITH gone AS (DELETE FROM outbox WHERE ctid = ANY (${named('$6', '$7', '$8')}))
  SELECT bucket, chat_id AS "chatId", seq, event, actor_id AS "actorId", at, at_ms AS "atMs", data, bytes, member_version AS "memberVersion",
    traceparent
  FROM (
    SELECT b.bucket, b.bytes AS bytes_room, o.*, e.*, c.member_version, octet_length(e.data) AS bytes,
      sum(octet_length(e.data)) OVER (PARTITION BY b.bucket ORDER BY o.place, o.chat_id) - octet_length(e.data) AS bytes_before
    FROM unnest($1::smallint[], $2::int[], $3::int[], $4::uuid[]) AS b (bucket, room, bytes, after_chat)
    CROSS JOIN LATERAL (
      WITH RECURSIVE step AS (
        SELECT b.after_chat AS chat_id
        UNION ALL
        SELECT next.chat_id FROM step CROSS JOIN LATERAL (
          SELECT x.chat_id FROM outbox x WHERE x.bucket = b.bucket AND x.chat_id > step.chat_id ORDER BY x.chat_id LIMIT 1
        ) next
      ), turn AS (
        SELECT step.chat_id FROM step
        CROSS JOIN LATERAL (SELECT 1 FROM outbox x WHERE x.bucket = b.bucket AND x.chat_id = step.chat_id AND ${stays('x')} LIMIT 1) waits
        WHERE step.chat_id <> b.after_chat AND step.chat_id NOT IN (SELECT unnest($5::uuid[]))
        LIMIT b.room
      )
      SELECT x.chat_id, x.seq, x.traceparent, x.place
      FROM (SELECT turn.chat_id, count(*) OVER () AS chats FROM turn) t
      CROSS JOIN LATERAL (
        SELECT y.*, row_number() OVER (ORDER BY y.seq) AS place FROM outbox y
        WHERE y.bucket = b.bucket AND y.chat_id = t.chat_id AND ${stays('y')}
        ORDER BY y.seq LIMIT LEAST(${rowsPerChat}, b.room / t.chats)
      ) x
    ) o
    CROSS JOIN LATERAL (
      SELECT e.event, e.actor_id, wire_time(e.at) AS at, (extract(epoch FROM e.at) * 1000)::bigint AS at_ms, e.data::text AS data
      FROM events e WHERE e.chat_id = o.chat_id AND e.seq = o.seq LIMIT 1
    ) e
    CROSS JOIN LATERAL (SELECT c.member_version FROM chats c WHERE c.id = o.chat_id LIMIT 1) c
  ) waiting WHERE bytes_before < bytes_room ORDER BY bucket, place, chat_id`;

/** Its age is that of the oldest row among these many chats of each bucket. */
const chatsLookedAt = 64;

const statisticsText = `SELECT
    (SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT ${exactRows + 1}) counted) AS counted,
    (SELECT GREATEST(n_live_tup, ${exactRows + 1}) FROM pg_stat_user_tables WHERE relid = 'outbox'::regclass) AS estimated,
    (SELECT extract(epoch FROM clock_timestamp() - min(e.at))::float8 FROM generate_series(0, ${bucketCount - 1}) b
      CROSS JOIN LATERAL (
        WITH RECURSIVE step AS (
          SELECT '00000000-0000-0000-0000-000000000000'::uuid AS chat_id, 0::bigint AS seq
          UNION ALL
          SELECT next.* FROM step CROSS JOIN LATERAL (
            SELECT x.chat_id, x.seq FROM outbox x WHERE x.bucket = b AND x.chat_id > step.chat_id ORDER BY x.chat_id, x.seq LIMIT 1
          ) next
        )
        SELECT * FROM step OFFSET 1 LIMIT ${chatsLookedAt}
      ) o
      CROSS JOIN LATERAL (SELECT e.at FROM events e WHERE e.chat_id = o.chat_id AND e.seq = o.seq LIMIT 1) e) AS oldest`;

/**
 * The relay's own connection to Postgres, direct and not from the pool: bucket locks, reads and deletes share one session, so
 * a relay that lost its locks cannot delete either [D4, D12]. States: open → lost or disposed; no way back. Any error, and an
 * answer that takes more than 10 s, ends the session. The caller says something at least every second (`keepAlive`): five
 * silent seconds end it on the server's side.
 */
export class RelaySession implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #onLost: (error: Error) => void;
  readonly #held = new Set<number>();
  #end: Promise<void> | undefined;
  #lost: Error | undefined;

  private constructor(client: pg.Client, onLost: (error: Error) => void) {
    this.#client = client;
    this.#onLost = onLost;
  }

  /** Connects, listens for notifications and counts as a live relay. */
  static async open(options: RelaySessionOptions): Promise<RelaySession> {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: 'carillon-relay',
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      options: settings.join(' '),
    });
    const session = new RelaySession(client, options.onLost);
    client.on('error', (error) => session.#lose(error));
    client.on('end', () => session.#lose(new Error('the relay session was closed')));
    client.on('notification', ({ payload }) => options.onNotify(bucketsIn(payload ?? '')));
    try {
      await withDeadline(client.connect(), answerTimeoutMs, 'connecting the relay');
      await session.#query(`LISTEN ${outboxChannel}`);
      await session.stepForward();
      return session;
    } catch (error) {
      session.#lose(error);
      throw error;
    }
  }

  /** Relays whose session lives, this one included; a frozen one no longer counts once its session has ended. */
  async countLiveRelays(): Promise<number> {
    const [row] = await this.#query<{ relays: string }>(
      `SELECT count(*) AS relays FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = 0 AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [relayLocks],
    );
    return Number(row?.relays ?? 0);
  }

  /** Counts as a live relay, whose share of the buckets the others leave to it. */
  async stepForward(): Promise<void> {
    await this.#query('SELECT pg_advisory_lock_shared($1, 0)', [relayLocks]);
  }

  /** Gives up every bucket and counts as a relay no more, until `stepForward`. The session lives on. */
  async standBack(): Promise<void> {
    await this.#query('SELECT pg_advisory_unlock_all()');
    this.#held.clear();
  }

  /** Takes a bucket unless another session has it; true also when it is ours already. */
  async tryLockBucket(bucket: number): Promise<boolean> {
    if (this.#held.has(bucket)) return true; // session locks count: taken twice they would have to be released twice
    const [row] = await this.#query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS locked', [bucketLocks, bucket]);
    if (row?.locked === true) this.#held.add(bucket);
    return row?.locked === true;
  }

  async unlockBucket(bucket: number): Promise<void> {
    if (!this.#held.has(bucket)) return;
    await this.#query('SELECT pg_advisory_unlock($1, $2)', [bucketLocks, bucket]);
    this.#held.delete(bucket);
  }

  /**
   * Rows of each bucket, a chat's in `seq` order: first the oldest one of every chat, then the second one, at most 16 of a chat, but at
   * least one of a bucket. Fewer rows than `rows` and fewer bytes than `bytes`: there are no chats behind those read. In the same round trip the `acknowledged` rows go: two round trips between two appends made every event wait for the second one too.
   */
  async readOutbox({ buckets, heldChats = [], acknowledged = [] }: OutboxRead): Promise<OutboxRow[]> {
    if (buckets.length === 0 && acknowledged.length === 0) return [];
    const values = [
      buckets.map(({ bucket }) => bucket),
      buckets.map(({ rows }) => rows),
      buckets.map(({ bytes }) => bytes),
      buckets.map(({ afterChat }) => afterChat),
      heldChats,
      ...columnsOf(acknowledged),
    ];
    const rows = await this.#query<OutboxRow>({ name: 'read-outbox', text: readOutboxText }, values);
    return rows.map((row) => ({ ...row, seq: Number(row.seq), atMs: Number(row.atMs), memberVersion: Number(row.memberVersion) }));
  }

  /** To be called when the broker has acknowledged the rows' last record [D4]. */
  async deleteOutbox(rows: readonly OutboxKey[]): Promise<void> {
    await this.#query({ name: 'delete-outbox', text: deleteText }, columnsOf(rows));
  }

  async keepAlive(): Promise<void> {
    await this.#query('SELECT 1');
  }

  /** For metrics: exact up to 10,000 rows, then the server's estimate; the age of the oldest row. */
  async outboxStatistics(): Promise<OutboxStatistics> {
    const [row] = await this.#query<{ counted: string; estimated: string | null; oldest: number | null }>(statisticsText);
    const counted = Number(row?.counted ?? 0);
    return { rows: counted > exactRows ? Number(row?.estimated ?? counted) : counted, oldestSeconds: Math.max(0, row?.oldest ?? 0) };
  }

  /** Ends the session on purpose: its locks are free at once; `onLost` is not called. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#lost ??= new Error('the relay session is closed');
    await this.#close();
  }

  async #query<Row extends pg.QueryResultRow>(statement: string | { name: string; text: string }, values: unknown[] = []): Promise<Row[]> {
    if (this.#lost !== undefined) throw this.#lost;
    const query = typeof statement === 'string' ? { text: statement, values } : { ...statement, values };
    try {
      const result = await withDeadline(this.#client.query<Row>(query), answerTimeoutMs, 'the answer to the relay');
      return result.rows;
    } catch (error) {
      this.#lose(error);
      throw error;
    }
  }

  #lose(reason: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason instanceof Error ? reason : new Error('the relay session failed', { cause: reason });
    void this.#close(); // bounded, and its failure changes nothing: the session is given up
    this.#onLost(this.#lost);
  }

  /** With a query in flight `end` cuts the connection instead of waiting for the answer. */
  #close(): Promise<void> {
    this.#held.clear();
    this.#end ??= withDeadline(this.#client.end(), closeTimeoutMs, 'closing the relay session').catch(() => undefined);
    return this.#end;
  }
}

function columnsOf(rows: readonly OutboxKey[]): [buckets: number[], chatIds: string[], seqs: number[]] {
  return [rows.map((row) => row.bucket), rows.map((row) => row.chatId), rows.map((row) => row.seq)];
}

function bucketsIn(payload: string): number[] {
  const buckets = payload.split(',').map(Number);
  return buckets.filter((bucket) => Number.isInteger(bucket) && bucket >= 0 && bucket < bucketCount);
}
