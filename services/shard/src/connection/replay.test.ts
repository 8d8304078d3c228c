import type { ReceivedRecord } from '@carillon/event-log';
import { systemClock } from '@carillon/runtime';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecentRecords } from '../consumer/recent-records.ts';
import { DeliveryPool } from '../delivery/delivery-pool.ts';
import { ShardCounts } from '../metrics.ts';
import type { Connection } from './connection.ts';
import { ConnectionTable } from './connection-table.ts';
import type { OutgoingFrame } from './outgoing-frame.ts';
import { replay } from './replay.ts';

/** Takes every frame at once; `isSettled` until a new assignment, which may bring frames a second time. */
type Visit = { readonly got: number[]; isSettled: boolean; readonly deliver: (frame: OutgoingFrame) => void };

/** One user who comes and goes, at a shard that owns their partition. */
class Visitor extends ConnectionTable {
  readonly userId = 'visitor';
  visit: Visit | undefined;
  /** What the client is known to have: from its frames, or by a sync after `ready`. */
  readonly known = new Set<number>();
  positions: string[] = [];

  override newestOf(userId: string): Connection | undefined {
    if (userId !== this.userId || this.visit === undefined) return undefined;
    return this.visit as unknown as Connection;
  }

  come(pos: string | undefined, shard: Shard): void {
    const got: number[] = [];
    const deliver = (frame: OutgoingFrame) => {
      got.push(frame.seq);
      this.known.add(frame.seq);
    };
    this.visit = { got, isSettled: true, deliver };
    const resuming = { partition: 0, userId: this.userId, deliver, queue: { room: Number.POSITIVE_INFINITY } };
    if (pos === undefined || replay(resuming, pos, shard.recent) !== 'replayed') shard.tellAll(this.known);
  }

  leave(): void {
    this.visit = undefined;
  }
}

/** A log of one partition, its reader and the delivery of it. The offset of an event is its `seq`. */
class Shard {
  readonly recent = new RecentRecords();
  readonly visitor = new Visitor();
  readonly log: ReceivedRecord[] = [];
  readonly #pool: DeliveryPool;
  readonly #forwards: (() => void)[] = [];
  #finished = 0;
  #generation = 1;

  constructor() {
    this.recent.assign([0], 'a');
    this.#pool = new DeliveryPool({
      tasks: 1,
      connections: this.visitor,
      routes: {
        holdersOf: (_, userId) => (userId === 'away' ? ['other@1'] : []),
        isLoaded: () => true,
        isAssigned: () => true,
        whenLoaded: () => Promise.resolve(),
      },
      forwarder: { forward: () => new Promise((resolve) => this.#forwards.push(() => resolve('sent'))) },
      reader: {
        finish: ({ offset, generation }) => {
          if (generation === this.#generation) this.#finished = Math.max(this.#finished, offset);
        },
        pause: () => undefined,
        resume: () => undefined,
      },
      recent: this.recent,
      onSkipped: () => undefined,
      clock: systemClock,
      counts: new ShardCounts(() => undefined),
      requestTurn: () => undefined,
    });
  }

  append(recipients: readonly string[]): void {
    const seq = this.log.length + 1;
    const place = { partition: 0, offset: seq, appendedAtMs: 1_000 + seq, generation: this.#generation };
    this.log.push({ ...place, recipients, chatId: 'c', seq, event: 'message.created', value: Buffer.alloc(9) });
    this.#pool.enqueue(0, this.log.slice(-1));
  }

  turn(): void {
    this.#pool.routeTurn(Number.POSITIVE_INFINITY, () => true);
  }

  async settle(): Promise<void> {
    for (const settle of this.#forwards.splice(0)) settle();
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
  }

  /** The same member goes on where it stood, or a little before: a commit was lost. */
  assignAnew(lost: number): void {
    this.recent.assign([0], 'a');
    this.#pool.reset();
    if (this.visitor.visit !== undefined) this.visitor.visit.isSettled = false;
    this.#generation += 1;
    this.#finished = Math.max(this.#finished - lost, 0);
    const again = this.log.slice(this.#finished).map((record) => ({ ...record, generation: this.#generation }));
    this.#pool.enqueue(0, again);
  }

  async drain(): Promise<void> {
    while (!this.#pool.isIdle()) {
      this.turn();
      await this.settle();
    }
  }

  pos(): string | undefined {
    return this.recent.positionOf(0, this.recent.starts);
  }

  tellAll(known: Set<number>): void {
    for (const { seq } of this.log) known.add(seq);
  }

  missing(): number[] {
    const meant = this.log.filter(({ recipients }) => recipients.includes(this.visitor.userId));
    return meant.map(({ seq }) => seq).filter((seq) => !this.visitor.known.has(seq));
  }
}

const others = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`);
const audiences: readonly (readonly string[])[] = [
  ['visitor'],
  ['u1'],
  ['away', 'visitor'],
  ['visitor', ...others(300)],
  [...others(300), 'visitor'],
  [...others(400), 'away', 'visitor'],
];

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), audience: fc.nat({ max: audiences.length - 1 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('turn' as const, 'settle' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('come' as const), back: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('beat' as const, 'leave' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('assign' as const), lost: fc.integer({ min: 0, max: 3 }) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(one: Step, shard: Shard): Promise<void> {
  const { visitor } = shard;
  switch (one.kind) {
    case 'append':
      return shard.append(audiences[one.audience] ?? []);
    case 'turn':
      return shard.turn();
    case 'settle':
      return shard.settle();
    case 'assign':
      return shard.assignAnew(one.lost);
    case 'leave':
      return visitor.leave();
    case 'beat': {
      const pos = visitor.visit === undefined ? undefined : shard.pos();
      if (pos !== undefined) visitor.positions.push(pos);
      return undefined;
    }
    case 'come':
      return visitor.visit === undefined ? visitor.come(visitor.positions.at(-1 - one.back) ?? visitor.positions[0], shard) : undefined;
  }
}

describe('a replay', () => {
  test('[R6][M4] whatever is being delivered when the client comes back: nothing is lost, nothing is overtaken', async () => {
    let replayed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
        const shard = new Shard();
        const { visitor } = shard;
        visitor.come(undefined, shard);
        for (const one of steps) {
          await take(one, shard);
          expectInOrder(visitor.visit);
        }
        if (visitor.visit === undefined) visitor.come(visitor.positions.at(-1), shard);
        replayed += visitor.visit?.got.length ?? 0;
        await shard.drain();
        expectInOrder(visitor.visit);
        expect(shard.missing()).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
    expect(replayed).toBeGreaterThan(0);
  });

  test('[R6] that would fill the queue is none', () => {
    const shard = new Shard();
    for (let seq = 1; seq <= 5; seq += 1) shard.append(['visitor']);
    shard.turn();
    const seqs: number[] = [];
    const deliver = (frame: OutgoingFrame) => void seqs.push(frame.seq);
    const at = (room: number) => replay({ partition: 0, userId: 'visitor', deliver, queue: { room } }, '1.1001', shard.recent);
    expect([at(71), seqs]).toEqual(['too_much', []]);
    expect([at(72), seqs]).toEqual(['replayed', [2, 3, 4, 5]]);
  });
});

function expectInOrder(visit: Visit | undefined): void {
  if (visit?.isSettled === true) expect(visit.got).toEqual(visit.got.toSorted((a, b) => a - b));
}
