import type { ReceivedRecord, RecordBatch } from '@carillon/event-log';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutgoingFrame } from '../connection/outgoing-frame.ts';
import { RecentRecords } from './recent-records.ts';

type Given = { offset: number; at?: number; to?: readonly string[]; bytes?: number; event?: string; partition?: number };

const recordOf = ({ offset, at = 7, to = ['u'], bytes = 10, event = 'message.created', partition = 0 }: Given): ReceivedRecord => {
  const place = { partition, offset, appendedAtMs: at, generation: 1 };
  return { ...place, recipients: to, chatId: 'c', seq: offset + 1, event, value: Buffer.alloc(bytes, 'x') };
};

type Lying = { readonly to: string; readonly bytes: number; readonly isSignal: boolean };

/** Records that lie one behind the other in the batch's bytes, each filled with its own offset. */
class Batch implements RecordBatch {
  readonly byteLength: number;
  readonly #first: number;
  readonly #lying: readonly Lying[];
  readonly #bytes: Buffer;

  constructor(first: number, lying: readonly Lying[], bytes?: Buffer) {
    this.#first = first;
    this.#lying = lying;
    this.byteLength = lying.reduce((sum, { bytes: size }) => sum + size, 0);
    this.#bytes = bytes ?? Buffer.concat(lying.map(({ bytes: size }, at) => Buffer.alloc(size, first + at)));
  }

  copyTo(memory: Buffer): Batch {
    this.#bytes.copy(memory);
    return new Batch(this.#first, this.#lying, memory);
  }

  read(at: number): ReceivedRecord {
    const { to, bytes, isSignal } = this.#lying[at] ?? expect.fail('no such record');
    const from = this.#lying.slice(0, at).reduce((sum, { bytes: size }) => sum + size, 0);
    const event = isSignal ? 'signal.read' : 'message.created';
    return { ...recordOf({ offset: this.#first + at, to: [to], event }), value: this.#bytes.subarray(from, from + bytes) };
  }

  records(): ReceivedRecord[] {
    return this.#lying.map((_, at) => ({ ...this.read(at), batch: this, at }));
  }
}

/** Rings of one member that owns partitions 0 and 1. */
class Rings {
  readonly recent = new RecentRecords();

  constructor() {
    this.recent.assign([0, 1], 'a');
  }

  push(...given: Given[]): void {
    for (const one of given) {
      const record = recordOf(one);
      this.recent.push(record, OutgoingFrame.ofRecord(record).kind);
    }
  }

  finish(...offsets: number[]): void {
    for (const offset of offsets) this.recent.finish({ partition: 0, offset });
  }

  done(...given: Given[]): void {
    this.push(...given);
    this.finish(...given.map(({ offset }) => offset));
  }

  pos(since = this.recent.starts): string | undefined {
    return this.recent.positionOf(0, since);
  }

  seqsBehind(pos: string, userId = 'u'): number[] | undefined {
    return this.recent.framesBehind(pos, 0, userId)?.map((frame) => frame.seq);
  }
}

const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => ({ offset: from + index }));

describe('[R6] recent records', () => {
  test('give a user what they were sent behind a record, oldest first, and nothing of others', () => {
    const rings = new Rings();
    rings.done({ offset: 3 }, { offset: 4, to: ['v'] }, { offset: 6, to: ['v', 'u'] }, { offset: 7 });
    expect([rings.seqsBehind('3.7'), rings.seqsBehind('4.7'), rings.seqsBehind('7.7')]).toEqual([[7, 8], [7, 8], []]);
    expect(rings.seqsBehind('3.7', 'v')).toEqual([5, 7]);
    expect(rings.seqsBehind('3.7', 'nobody')).toEqual([]);
  });

  test('let a record go that lies in a batch, and read it again there, for its own user alone', () => {
    const { recent } = new Rings();
    const lying = [2, 3].map((bytes) => ({ to: `${bytes}-123456`, bytes, isSignal: false }));
    for (const each of [recordOf({ offset: 1 }), ...new Batch(2, lying).records()]) {
      recent.push(each, 'event');
      recent.finish(each);
    }
    const read = (userId: string) => recent.framesBehind('1.7', 0, userId)?.map(({ seq, bytes }) => [seq, bytes.length]);
    expect([read('2-123456'), read('3-123456'), read('4-123456')]).toEqual([[[3, 2]], [[4, 3]], []]);
  });

  test('give what each record was, whatever memory is used again meanwhile', () => {
    const batch = fc.record({
      lying: fc.array(fc.record({ to: fc.constantFrom('u', 'v'), bytes: fc.integer({ min: 1, max: 10_000 }), isSignal: fc.boolean() }), {
        minLength: 1,
        maxLength: 6,
      }),
      finished: fc.integer({ min: 0, max: 6 }),
      isAssignedAgain: fc.boolean(),
    });
    const property = fc.property(fc.array(batch, { maxLength: 40 }), (batches) => {
      // Rings of 8 KiB: a few batches each.
      const partitions = span(0, 8_191).map(({ offset }) => offset);
      const recent = new RecentRecords();
      recent.assign(partitions, 'a');
      const given: OutgoingFrame[] = [];
      let next = 0;
      for (const { lying, finished, isAssignedAgain } of batches) {
        const records = new Batch(next, lying).records();
        for (const record of records) recent.push(record, OutgoingFrame.ofRecord(record).kind);
        for (const record of records.slice(0, isAssignedAgain ? finished : undefined)) recent.finish(record);
        next += isAssignedAgain ? Math.min(finished, lying.length) : lying.length;
        if (isAssignedAgain) recent.assign(partitions, 'a');
        for (let offset = 0; offset < next; offset += 1) given.push(...(recent.framesBehind(`${offset}.7`, 0, 'u') ?? []));
      }
      for (const { seq, bytes } of given) expect(new Set(bytes)).toEqual(new Set([(seq - 1) & 0xff]));
    });
    fc.assert(property, { numRuns: 100 });
  });

  test('know only that very record: another offset, another time, another partition, no pos at all are unknown', () => {
    const rings = new Rings();
    rings.done({ offset: 3 }, { offset: 6 });
    for (const pos of ['2.7', '4.7', '5.7', '7.7', '3.8', '3', '3.7.0', ' 3.7', '3.7 ', '-3.7', 'x', '']) {
      expect(rings.seqsBehind(pos), pos).toBeUndefined();
    }
    expect(rings.recent.framesBehind('3.7', 1, 'u')).toBeUndefined();
    expect(rings.recent.framesBehind('3.7', 2, 'u')).toBeUndefined();
  });

  test('promise only what is finished, and replay up to the record that is being delivered: the rest is still to come', () => {
    const rings = new Rings();
    expect(rings.pos()).toBeUndefined();
    rings.push(...span(1, 5));
    expect(rings.pos()).toBeUndefined();
    rings.finish(1, 2);
    expect(rings.pos()).toBe('2.7');
    expect([rings.seqsBehind('1.7'), rings.seqsBehind('2.7'), rings.seqsBehind('3.7'), rings.seqsBehind('5.7')]).toEqual([
      [3, 4],
      [4],
      [],
      [],
    ]);
  });

  test('keep places of signals, which may be lost, but not the signals', () => {
    const rings = new Rings();
    rings.done({ offset: 1 }, { offset: 2, event: 'signal.read' });
    expect([rings.pos(), rings.seqsBehind('1.7'), rings.seqsBehind('2.7')]).toEqual(['2.7', [], []]);
  });

  test('are bounded in bytes: the oldest go, the newest one stays', () => {
    const rings = new Rings();
    rings.done(...span(0, 99).map(({ offset }) => ({ offset, bytes: 100_000 })));
    expect(rings.seqsBehind('0.7')).toBeUndefined();
    expect(rings.seqsBehind('70.7')?.length).toBe(29);
    rings.done({ offset: 100, bytes: 9 << 20 });
    expect([rings.seqsBehind('99.7'), rings.pos()]).toEqual([undefined, '100.7']);
  });

  test('are bounded over all partitions, also when more come', () => {
    const rings = new Rings();
    rings.done(...span(0, 30).map(({ offset }) => ({ offset, bytes: 100_000 })));
    expect(rings.seqsBehind('0.7')).toHaveLength(30);
    rings.recent.assign(
      span(0, 63).map(({ offset }) => offset),
      'a',
    );
    expect([rings.seqsBehind('10.7'), rings.seqsBehind('25.7')?.length]).toEqual([undefined, 5]);
  });

  test('lose no promise when unfinished records fill the ring: it comes back behind them', () => {
    const rings = new Rings();
    rings.done({ offset: 0 });
    rings.push(...span(1, 100).map(({ offset }) => ({ offset, bytes: 100_000 })));
    expect([rings.pos(), rings.seqsBehind('0.7')]).toEqual([undefined, undefined]);
    rings.finish(...span(1, 100).map(({ offset }) => offset));
    expect([rings.pos(), rings.seqsBehind('99.7')]).toEqual(['100.7', [101]]);
  });

  test('are kept over an assignment that leaves the partition with the same member; what waited is void and comes again', () => {
    const rings = new Rings();
    const since = rings.recent.starts;
    rings.push(...span(1, 4));
    rings.finish(1, 2);
    rings.recent.assign([0], 'a');
    expect([rings.pos(since), rings.seqsBehind('1.7'), rings.seqsBehind('3.7')]).toEqual(['2.7', [3], undefined]);
    rings.done(...span(2, 5));
    expect([rings.pos(since), rings.seqsBehind('1.7')]).toEqual(['5.7', [3, 4, 5, 6]]);
  });

  test('[M4] step back to a record that is read again: what lies behind it is still to come, so it is not replayed before it', () => {
    const rings = new Rings();
    rings.done(...span(1, 4));
    rings.recent.assign([0], 'a');
    rings.push({ offset: 2 }, { offset: 3 });
    expect([rings.pos(), rings.seqsBehind('1.7'), rings.seqsBehind('2.7')]).toEqual(['1.7', [3], []]);
    rings.finish(2, 3);
    rings.done({ offset: 4 });
    expect([rings.pos(), rings.seqsBehind('1.7')]).toEqual(['4.7', [3, 4, 5]]);
  });

  test.each<[string, (rings: Rings) => void]>([
    ['that another member has joined under', ({ recent }) => recent.assign([0, 1], 'b')],
    [
      'that was lost and came back',
      ({ recent }) => {
        recent.assign([1], 'a');
        recent.assign([0, 1], 'a');
      },
    ],
    ['of which a record was passed over', ({ recent }) => recent.forget(0)],
  ])('are emptied for a partition %s; older connections get no pos until they are complete again', (_, breakIt) => {
    const rings = new Rings();
    const since = rings.recent.starts;
    rings.done(...span(1, 4));
    breakIt(rings);
    expect([rings.seqsBehind('3.7'), rings.recent.isUnbroken(0, since)]).toEqual([undefined, false]);
    rings.done({ offset: 9 });
    expect([rings.pos(since), rings.pos(), rings.seqsBehind('4.7')]).toEqual([undefined, '9.7', undefined]);
  });

  test('begin anew in a log that was made anew: its offsets come a second time', () => {
    const rings = new Rings();
    rings.done(...span(1, 4));
    rings.done({ offset: 2, at: 8 });
    expect([rings.pos(), rings.seqsBehind('1.7'), rings.seqsBehind('2.7')]).toEqual(['2.8', undefined, undefined]);
    rings.done({ offset: 3, at: 9 });
    expect(rings.seqsBehind('2.8')).toEqual([4]);
  });

  test('of partitions that are not owned are not kept', () => {
    const { recent } = new Rings();
    const record = recordOf({ offset: 1, partition: 5 });
    recent.push(record, OutgoingFrame.ofRecord(record).kind);
    recent.finish(record);
    recent.forget(5);
    expect(recent.positionOf(5, recent.starts)).toBeUndefined();
  });
});
