import { Tickets } from '@carillon/auth';
import type { EventLogReader, GroupMember } from '@carillon/event-log';
import { type Presence, parseShardToken, type ShardToken } from '@carillon/presence';
import { type Clock, type Failpoint, type Health, heapLimitBytes, type Logger, StartError, systemClock } from '@carillon/runtime';
import type { ShardConfig } from './config.ts';
import { drainShard } from './drain/drain-shard.ts';
import type { Inbox } from './inbox/inbox.ts';
import type { ShardCounts, ShardMetrics } from './metrics.ts';
import { LeaseKeeper } from './presence/lease-keeper.ts';
import { ShardLife } from './shard-life.ts';
import { ShardSockets } from './shard-sockets.ts';

/** What a shard stands on; `bin/` and the standalone process choose it. Clock, chance and the last resort have defaults. */
export type ShardParts = {
  readonly reader: (member: () => GroupMember) => EventLogReader;
  readonly partitionCount: number;
  readonly presence: Presence;
  readonly inbox: (token: ShardToken) => Inbox;
  readonly logger: Logger;
  readonly metrics: ShardMetrics;
  /** Makes the group member of a crashed predecessor leave; without it the group waits out that member's session. */
  readonly evict?: (memberId: string) => Promise<void>;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** The shard cannot go on: the process must exit with an error and be started again [L3]. By default the error is thrown, uncaught. */
  readonly onFatal?: (error: Error) => void;
  readonly failpoint?: Failpoint | undefined;
};

export interface Shard {
  /** Resolves when the shard serves: it has joined the group and told its lease. Rejects with one clear sentence. */
  start(): Promise<{ url: string }>;
  /** Drains and leaves; may be called at any time, the second call waits for the first. */
  stop(): Promise<void>;
  /**
   * Ends as a killed process does: every socket cut without a close frame, no drain, no farewell. That the group and the registry
   * hear nothing either is for its parts to see to, which are still told what an end tells them. For faults on purpose.
   */
  kill(): Promise<void>;
  readonly health: Health;
}

/** Of the heap's limit: what may wait for all connections together [D14]. */
const queuedShare = 0.25;

/** The shard's composition root: the one place where its parts meet. */
export function createShard(config: ShardConfig, parts: ShardParts): Shard {
  const clock = parts.clock ?? systemClock;
  const random = parts.random ?? Math.random;
  const counts = parts.metrics.forShard(config.SHARD_ID);
  const { partitionCount, logger, failpoint } = parts;
  const maxQueuedBytes = heapLimitBytes() * queuedShare;
  const sockets = new ShardSockets({ config, partitionCount, counts, clock, random, logger, failpoint, maxQueuedBytes });
  return new ComposedShard({ config, parts, sockets, counts, clock, random });
}

type Composition = {
  readonly config: ShardConfig;
  readonly parts: ShardParts;
  readonly sockets: ShardSockets;
  readonly counts: ShardCounts;
  readonly clock: Clock;
  readonly random: () => number;
};

/** States: idle → starting → started → draining → stopped; no way back. */
class ComposedShard implements Shard {
  readonly #of: Composition;
  #keeper: LeaseKeeper | undefined;
  #reader: EventLogReader | undefined;
  #life: ShardLife | undefined;
  #isJoined = false;
  #stopping: Promise<void> | undefined;

  constructor(composition: Composition) {
    this.#of = composition;
  }

  readonly health: Health = {
    isStarted: () => this.#isJoined && (this.#keeper?.wasRenewed() ?? false),
    isDraining: () => this.#stopping !== undefined,
    dependencies: async () => [
      { name: 'kafka', up: this.#reader?.isConnected() ?? false, required: false },
      { name: 'redis', up: this.#of.parts.presence.isConnected(), required: false },
    ],
  };

  async start(): Promise<{ url: string }> {
    const { config, sockets, parts } = this.#of;
    const port = sockets.listen();
    const url = config.SHARD_PUBLIC_URL ?? `ws://127.0.0.1:${port}`;
    const keeper = this.#createKeeper(url);
    this.#keeper = keeper;
    const { token, predecessor } = await this.#unlessStopped(keeper.claim());
    if (predecessor?.memberId !== undefined) await this.#unlessStopped(this.#evict(predecessor.memberId));
    const life = this.#begin(token, keeper);
    await this.#unlessStopped(life.start());
    this.#isJoined = true;
    await this.#unlessStopped(keeper.start());
    sockets.serve();
    parts.logger.info({ url }, 'shard started');
    return { url };
  }

  /** A stop ends what was begun so far; the start must not begin more behind it. */
  async #unlessStopped<T>(step: Promise<T>): Promise<T> {
    const result = await step;
    if (this.#stopping !== undefined) throw new StartError('stopped while starting');
    return result;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { config, sockets, clock, random, parts } = this.#of;
    sockets.admission.close();
    this.#keeper?.renewSoon();
    await drainShard({
      ...{ config, sockets, clock, random },
      logger: parts.logger,
      reader: this.#reader,
      onLeft: () => this.#life?.resign(),
      tickets: new Tickets(config.TICKET_SECRET, clock, config.TICKET_SECRET_ALTERNATE),
      isDelivered: () => (this.#life?.isDelivered() ?? true) && sockets.pendingFlushes === 0,
      readLeases: () => parts.presence.readLeases(),
    });
    await this.#life?.sayFarewell();
    await this.#end();
  }

  kill(): Promise<void> {
    this.#of.sockets[Symbol.dispose]();
    this.#stopping ??= this.#abandon();
    return this.#stopping;
  }

  async #abandon(): Promise<void> {
    await this.#reader?.[Symbol.asyncDispose]();
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#keeper?.stop();
    await this.#life?.[Symbol.asyncDispose]();
    this.#of.sockets[Symbol.dispose]();
  }

  /** Before joining: a dead member would hold up the group's every rebalance until its session ends [L5]. */
  async #evict(memberId: string): Promise<void> {
    const { logger, evict } = this.#of.parts;
    try {
      await evict?.(memberId);
    } catch (err) {
      logger.warn({ err }, 'the predecessor could not be made to leave the group');
    }
  }

  /** All that bears the epoch, and with it the reader, which tells the group who joins. */
  #begin(token: ShardToken, keeper: LeaseKeeper): ShardLife {
    const { config, parts, sockets, counts, clock, random } = this.#of;
    const { presence, logger, partitionCount } = parts;
    const { shardId, epoch } = parseShardToken(token);
    const reader = parts.reader(() => ({ shardId, epoch, state: this.#state() }));
    const life = new ShardLife({
      ...{ token, partitionCount, presence, reader, counts, clock, random, logger },
      tasks: config.DELIVERY_TASKS,
      inbox: parts.inbox(token),
      connections: sockets.connections,
      recent: sockets.recent,
      requestTurn: sockets.requestTurn,
      leaseFailingForMs: () => keeper.failingForMs(),
      onAssigned: () => keeper.renewSoon(),
      onDead: (error) => this.#fail(error),
    });
    sockets.attach(life);
    this.#reader = reader;
    this.#life = life;
    this.#bindMetrics(reader, life);
    return life;
  }

  #bindMetrics(reader: EventLogReader, life: ShardLife): void {
    const { config, parts, sockets } = this.#of;
    parts.metrics.read(config.SHARD_ID, {
      connections: () => sockets.connections.size,
      degradedConnections: () => sockets.connections.all().filter((connection) => connection.isDegraded).length,
      lostPartitions: () => life.losses.size,
      queueDepth: () => life.pool.depth,
      lagRecords: () => reader.lagRecords(),
      partitionsOwned: () => reader.assignedPartitions().length,
      isDraining: () => this.#stopping !== undefined,
    });
  }

  #createKeeper(url: string): LeaseKeeper {
    const { config, parts, sockets, clock } = this.#of;
    return new LeaseKeeper({
      shardId: config.SHARD_ID,
      ...{ url, presence: parts.presence, clock, logger: parts.logger },
      describe: () => ({
        state: this.#state(),
        connections: sockets.connections.size,
        partitions: this.#reader?.assignedPartitions() ?? [],
        memberId: this.#reader?.memberId(),
      }),
      onRenewed: () => this.#life?.onRenewed(),
      onRestored: () => this.#life?.onRestored(),
      onFenced: () => this.#endFenced(),
    });
  }

  /** No owner forwards to this life any more: its clients shall not wait for events through a drain. */
  #endFenced(): void {
    this.#of.sockets.admission.close();
    this.#of.sockets.endAll();
    this.#fail(new Error('a later life of this shard is alive'));
  }

  #state(): 'active' | 'draining' {
    return this.#stopping === undefined ? 'active' : 'draining';
  }

  #fail(error: Error): void {
    if (this.#stopping !== undefined) return;
    this.#of.parts.logger.fatal({ err: error }, 'the shard cannot go on');
    (this.#of.parts.onFatal ?? throwUncaught)(error);
  }
}

/** Not from inside the caller, who must not be stopped half-way. */
function throwUncaught(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}
