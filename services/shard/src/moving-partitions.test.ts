import { systemClock } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { lateReader } from './late-reader.fixture.ts';
import { FaultyInbox, FaultyPresence } from './presence/faulty.fixture.ts';
import { fastClock, ShardCluster, type TestShard } from './shard-cluster.fixture.ts';
import { Witness } from './witness.fixture.ts';

const users = Array.from({ length: 12 }, (_, index) => `user-${index}`);

/** The same numbers for the same seed. */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Two shards that stay, others that come and go, users with connections at both, and a stream of events to each of them. */
class Run implements AsyncDisposable {
  readonly presence = new FaultyPresence();
  readonly inboxes: FaultyInbox[] = [];
  readonly witnesses: Witness[] = [];
  readonly #cluster: ShardCluster;
  readonly #chance: () => number;
  readonly #heads = new Map<string, number>();
  #staying: TestShard[] = [];
  #isWriting = true;
  #writing: Promise<void> = Promise.resolve();

  constructor(seed: number) {
    this.#chance = chanceOf(seed);
    const latency = () => this.pause(15);
    this.presence.latency = latency;
    this.#cluster = new ShardCluster(fastClock, {
      presence: this.presence,
      aroundReader: (reader) => lateReader(reader, () => this.pause(30)),
      aroundInbox: (inbox) => {
        const faulty = new FaultyInbox(inbox);
        faulty.latency = latency;
        this.inboxes.push(faulty);
        return faulty;
      },
    });
  }

  pause(maxMs: number): Promise<void> {
    return systemClock.sleep(this.#chance() * maxMs);
  }

  async start(): Promise<void> {
    this.#staying = [await this.#cluster.start(), await this.#cluster.start()];
    this.#writing = this.#write();
    for (const user of users) await this.connect(user);
  }

  /** One connection of the user at each of the shards that stay. */
  async connect(user: string): Promise<void> {
    for (const shard of this.#staying) {
      const protocols = ['carillon.v1', `ticket.${await this.#cluster.ticket(user)}`];
      const client = this.#cluster.dial(shard.url, { protocols });
      this.witnesses.push(new Witness(`${user} at ${shard.id}`, client, () => this.#heads.get(user) ?? 0));
    }
  }

  /** Another shard takes partitions over and gives them back; meanwhile users connect. */
  async move(round: number): Promise<void> {
    const coming = await this.#cluster.start({ SHARD_ID: `coming-${round}` });
    for (let count = 0; count < 6; count += 1) {
      await this.connect(this.#any(users));
      await this.pause(80);
    }
    await coming.shard.stop();
  }

  /** The registry is away for all shards, or one of them cannot reach the others’ inboxes, for up to 0.6 s: 6 s of the shards. */
  async fail(): Promise<void> {
    const isWhole = this.#chance() < 0.5;
    const away = isWhole ? this.inboxes : [this.#any(this.inboxes)];
    for (const inbox of away) inbox.isAway = true;
    this.presence.isAway = isWhole;
    await this.pause(600);
    this.presence.isAway = false;
    for (const inbox of away) inbox.isAway = false;
  }

  async endOfStream(): Promise<void> {
    this.#isWriting = false;
    await this.#writing;
  }

  /** Who waits for `ready`. On a busy machine a shard may refuse some, as it says. */
  unready(): string[] {
    return this.witnesses.filter(({ isReady, client }) => !isReady && client.refused === undefined).map(({ name }) => name);
  }

  unexplained(): string[] {
    return this.witnesses.flatMap((witness) => witness.unexplained().map((seq) => `${witness.name}: ${seq}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endOfStream();
    await this.#cluster[Symbol.asyncDispose]();
  }

  async #write(): Promise<void> {
    while (this.#isWriting) {
      const user = this.#any(users);
      const seq = (this.#heads.get(user) ?? 0) + 1;
      this.#heads.set(user, seq);
      await this.#cluster.notify([user], { seq, chat: `chat-of-${user}` });
      await this.pause(3);
    }
  }

  #any<T>(things: readonly T[]): T {
    const [first] = things;
    const thing = things[Math.floor(this.#chance() * things.length)] ?? first;
    if (thing === undefined) throw new Error('nothing to choose from');
    return thing;
  }
}

test.each([1, 2, 3])(
  '[R14] partitions that come and go lose nothing untold (seed %s)',
  async (seed) => {
    await using run = new Run(seed);
    await run.start();
    for (let round = 0; round < 6; round += 1) await run.move(round);
    await run.endOfStream();
    await expect.poll(() => run.unready()).toEqual([]);
    await expect.poll(() => run.unexplained()).toEqual([]);
  },
  60_000,
);

test.each([11, 12, 13])(
  '[R14][R11] nor do they while presence and inboxes fail (seed %s)',
  async (seed) => {
    await using run = new Run(seed);
    await run.start();
    let isMoving = true;
    const failing = (async () => {
      while (isMoving) {
        await run.pause(800);
        await run.fail();
      }
    })();
    for (let round = 0; round < 5; round += 1) await run.move(round);
    isMoving = false;
    await failing;
    await run.endOfStream();
    await expect.poll(() => run.unready()).toEqual([]);
    await expect.poll(() => run.unexplained()).toEqual([]);
  },
  60_000,
);
