import { type Logger, systemClock } from '@carillon/runtime';
import type { Redis } from 'ioredis';
import {
  type LiveLease,
  leaseMs,
  type Presence,
  parseShardToken,
  type RenewOutcome,
  type ShardLease,
  type ShardToken,
  shardToken,
} from './presence.ts';
import { leaseFields, parseEpoch, parseLease, parseLiveLeases, parseOutcome, parsePage, parseRunId } from './redis-answers.ts';
import { commandTimeoutMs, connectRedis } from './redis-connection.ts';
import { defineScripts, type RunScript, type ScriptName } from './redis-scripts.ts';

export type RedisPresenceOptions = {
  readonly url: string;
  /** What all keys start with. */
  readonly keyPrefix?: string | undefined;
  readonly logger: Logger;
  /** Told how long each operation took, failed ones included (`carillon_presence_seconds{op}`). */
  readonly onOperation?: ((op: ScriptName, seconds: number) => void) | undefined;
};

/** A crashed shard's lease is readable for this long; its log membership ends much sooner. */
const retentionMs = 10 * 60_000;
/** An epoch that was not renewed for this long is forgotten: Redis' time alone makes the next one higher. */
const epochRetentionMs = 24 * 3_600_000;
/** Users per call, so that no script runs longer than a few milliseconds. */
const pageSize = 500;

/**
 * Presence in Redis. One server or a failover set-up's primary; Redis Cluster is not supported (a script reads the lease of
 * every token in the lease table).
 *
 * Keys: `shards` (zset token → expiry, decides alone who lives), `shard:{id}` (hash, the last lease; outlives its validity so
 * that a crashed shard's successor can read it), `shard-epoch:{id}`, `presence:{p}` (hash user → tokens, without expiry: an
 * entry counts only while its token is in the lease table [R3]).
 *
 * Deadlines: every command is answered or rejected within 300 ms; one that comes before the first connection waits up to that long
 * for it. A batch of more than 500 users is several commands.
 */
export class RedisPresence implements Presence {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #prefix: string;
  readonly #options: RedisPresenceOptions;
  readonly #firstAttempt: Promise<void>;
  #isAttempted = false;
  #runId: string | undefined;
  #isServerNew = false;

  constructor(options: RedisPresenceOptions) {
    this.#options = options;
    this.#prefix = options.keyPrefix ?? 'carillon:';
    this.#redis = connectRedis({ url: options.url, name: 'carillon-presence', logger: options.logger, use: 'commands' });
    this.#run = defineScripts(this.#redis);
    this.#firstAttempt = firstAttempt(this.#redis).then(() => {
      this.#isAttempted = true;
    });
    this.#redis.on('ready', () => void this.#noticeServer());
  }

  async claimEpoch(shardId: string): Promise<number> {
    return parseEpoch(await this.#call('claim-epoch', this.#key('shard-epoch', shardId), epochRetentionMs));
  }

  async renewLease(lease: ShardLease): Promise<RenewOutcome> {
    const { shardId, epoch } = lease;
    const isServerNew = this.#isServerNew;
    const keys = [this.#key('shards'), this.#key('shard', shardId), this.#key('shard-epoch', shardId)];
    const limits = [epoch, leaseMs, retentionMs, epochRetentionMs];
    const outcome = parseOutcome(await this.#call('renew-lease', ...keys, shardToken(shardId, epoch), ...limits, ...leaseFields(lease)));
    if (outcome === 'fenced') return outcome;
    this.#isServerNew = false;
    return isServerNew ? 'restored' : outcome;
  }

  async releaseLease(shardId: string, epoch: number): Promise<void> {
    await this.#call('release-lease', this.#key('shards'), this.#key('shard', shardId), shardToken(shardId, epoch), epoch);
  }

  async readPredecessor(shardId: string): Promise<ShardLease | undefined> {
    await this.#untilAttempted();
    return parseLease(shardId, await this.#redis.hgetall(this.#key('shard', shardId)));
  }

  async readLeases(): Promise<readonly LiveLease[]> {
    return parseLiveLeases(await this.#call('read-leases', this.#key('shards'), this.#key('shard', ''), leaseMs));
  }

  async register(partition: number, userIds: readonly string[], token: ShardToken): Promise<void> {
    await this.#inPages('register', partition, userIds, token);
  }

  async unregister(partition: number, userIds: readonly string[], token: ShardToken): Promise<void> {
    await this.#inPages('unregister', partition, userIds, token);
  }

  async loadPartition(partition: number): Promise<ReadonlyMap<string, readonly ShardToken[]>> {
    const users = new Map<string, readonly ShardToken[]>();
    let cursor = '0';
    do {
      const answer = await this.#call('load-partition', this.#key('presence', partition), this.#key('shards'), cursor, pageSize);
      const page = parsePage(answer);
      for (const [userId, tokens] of page.entries)
        users.set(
          userId,
          tokens.map((token) => parseShardToken(token).token),
        );
      cursor = page.cursor;
    } while (cursor !== '0');
    return users;
  }

  isConnected(): boolean {
    return this.#redis.status === 'ready';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
    await Promise.resolve();
  }

  async #inPages(name: 'register' | 'unregister', partition: number, userIds: readonly string[], token: ShardToken): Promise<void> {
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < userIds.length; i += pageSize) {
      calls.push(this.#call(name, this.#key('presence', partition), token, ...userIds.slice(i, i + pageSize)));
    }
    await Promise.all(calls);
  }

  async #call(name: ScriptName, ...args: readonly (string | number)[]): Promise<unknown> {
    await this.#untilAttempted();
    const startedAt = performance.now();
    try {
      return await this.#run(name, ...args);
    } finally {
      this.#options.onOperation?.(name, (performance.now() - startedAt) / 1_000);
    }
  }

  /** Counted from the command, not from the construction: a busy start of the process must not eat the time up. */
  async #untilAttempted(): Promise<void> {
    if (!this.#isAttempted) await Promise.race([this.#firstAttempt, systemClock.sleep(commandTimeoutMs)]);
  }

  /** Another `run_id` is another server, or one that started again: it may hold an older state than it answered before. */
  async #noticeServer(): Promise<void> {
    try {
      const runId = parseRunId(await this.#redis.info('server'));
      this.#isServerNew ||= this.#runId !== undefined && this.#runId !== runId;
      this.#runId = runId;
    } catch (err) {
      this.#isServerNew = true;
      this.#options.logger.debug({ err }, 'the redis server did not tell its run_id');
    }
  }

  #key(kind: 'shards' | 'shard' | 'shard-epoch' | 'presence', id?: string | number): string {
    return id === undefined ? this.#prefix + kind : `${this.#prefix}${kind}:${id}`;
  }
}

/** Resolves with the first connection or its failure: only a fresh client waits before it gives up. */
function firstAttempt(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    redis.once('ready', resolve);
    redis.once('close', resolve);
  });
}
