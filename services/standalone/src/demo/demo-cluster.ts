import type { Api } from '@carillon/api';
import type { EventLogWriter } from '@carillon/event-log';
import type { Clock, Logger } from '@carillon/runtime';
import type { Shard, ShardParts } from '@carillon/shard';
import type { Parts } from '../choose-parts.ts';
import { DeliveryPause } from './delivery-pause.ts';
import { DeliveryWays } from './delivery-ways.ts';
import { type Lifeline, mortalInbox, mortalPresence } from './lifeline.ts';
import { MortalShard } from './mortal-shard.ts';
import { serveDemo } from './serve-demo.ts';
import { WatchedReader, WatchedWriter } from './watched-log.ts';

type ShardSurroundings = Pick<ShardParts, 'reader' | 'presence' | 'inbox'>;
type DemoClusterOptions = { readonly parts: Pick<Parts, 'eventLog' | 'presence'>; readonly clock: Clock; readonly restartMs?: number };

/** The cluster as the demo's panel sees and disturbs it. All of it stands around parts that know nothing of it: without a demo they are used as they are. */
export class DemoCluster implements AsyncDisposable {
  readonly #options: DemoClusterOptions;
  readonly #ways: DeliveryWays;
  readonly #pause: DeliveryPause;
  readonly #shards: MortalShard[] = [];
  /** For the API. */
  readonly writer: EventLogWriter;

  constructor(options: DemoClusterOptions) {
    this.#options = options;
    this.#ways = new DeliveryWays(options.clock);
    this.#pause = new DeliveryPause(options.clock);
    this.writer = new WatchedWriter(options.parts.eventLog.writer, this.#ways);
  }

  /** A shard that can be killed; `create` makes each of its lives on the parts that it is given. Whoever asked stops it. */
  addShard(id: string, logger: Logger, create: (surroundings: ShardSurroundings) => Shard): MortalShard {
    const { clock, restartMs } = this.#options;
    const shard = new MortalShard({ id, clock, logger, restartMs, create: (life) => create(this.#around(id, life)) });
    this.#shards.push(shard);
    return shard;
  }

  /** Before the first request, and before the page. */
  serve(app: Api['app']): void {
    const { eventLog, presence } = this.#options.parts;
    serveDemo({
      app,
      shards: this.#shards,
      ways: this.#ways,
      pause: this.#pause,
      presence: presence.registry,
      partitionCount: eventLog.partitionCount,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pause[Symbol.dispose]();
  }

  #around(shardId: string, life: Lifeline): ShardSurroundings {
    const { eventLog, presence } = this.#options.parts;
    return {
      reader: (member) => new WatchedReader({ shardId, reader: eventLog.reader(member), life, pause: this.#pause, ways: this.#ways }),
      presence: mortalPresence(presence.registry, life),
      inbox: (token) => mortalInbox(presence.inbox(token), life),
    };
  }
}
