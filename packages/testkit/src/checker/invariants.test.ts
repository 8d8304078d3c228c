import type { Event, Message } from '@carillon/protocol';
import { expect, test } from 'vitest';
import type { Write } from '../recorder/history.ts';
import { type Evidence, violationsOf } from './invariants.ts';
import type { Truth } from './truth.ts';

const chatId = 'chat';

function message(seq: number): Message {
  const rest = { type: 'text' as const, attachments: [], date: '', edited_at: null, deleted_at: null };
  return {
    id: `m${seq}`,
    chat_id: chatId,
    seq,
    message_no: seq,
    sender_id: 'ann',
    client_message_id: `c${seq}`,
    text: `text ${seq}`,
    ...rest,
  };
}

function event(seq: number): Event {
  return { type: 'event', event: 'message.created', chat_id: chatId, seq, actor_id: 'ann', at: '', data: { message: message(seq) } };
}

function write(seq: number, outcome: Write['outcome'] = 'ok'): Write {
  const attempts = [{ atMs: seq * 10, endedAtMs: seq * 10 + 5, status: 201 }];
  return { chatId, senderId: 'ann', clientMessageId: `c${seq}`, text: `text ${seq}`, attempts, outcome, message: message(seq) };
}

/** Three messages, all sent, stored, pushed and shown: nothing is wrong. */
function sound() {
  const seqs = [1, 2, 3];
  const truth = {
    heads: new Map([[chatId, 3]]),
    events: new Map([[chatId, seqs.map((seq) => ({ seq, event: 'message.created', text: `text ${seq}`, isDeleted: false }))]]),
    messages: seqs.map((seq) => ({ chatId, seq, senderId: 'ann', clientMessageId: `c${seq}` })),
    intervals: new Map([[`${chatId} ann`, [{ joinedSeq: 1, leftSeq: Number.POSITIVE_INFINITY }]]]),
    outboxRows: 0,
  } satisfies Truth;
  const reader = {
    userId: 'ann',
    shown: new Map([[chatId, seqs.map(event)]]),
    pushes: seqs.map((seq) => ({ connection: 0, atMs: seq, chatId, seq })),
    fetched: [`${chatId} 1`],
    faults: [],
  };
  return { truth, writes: seqs.map((seq) => write(seq)), reader };
}

const broken = ({ truth, writes, reader }: ReturnType<typeof sound>, change: Partial<Evidence> = {}) =>
  violationsOf({ truth, writes, readers: [reader], ...change }).map(({ invariant }) => invariant.split(' ')[0]);

test('a sound history breaks no invariant', () => {
  expect(broken(sound())).toEqual([]);
});

test('I1: an answered message that is not stored, or under another seq', () => {
  const lost = sound();
  expect(broken(lost, { writes: [...lost.writes, write(4)] })).toContain('I1');
  const moved = sound();
  expect(
    broken(moved, {
      writes: moved.writes.map((one) => ({ ...one, message: message(one.message?.seq === 2 ? 9 : (one.message?.seq ?? 0)) })),
    }),
  ).toContain('I1');
});

test('I2: a row that nobody sent, or whose sender was refused; one with an unknown outcome may be stored', () => {
  const [one, two, three] = [write(1), write(2), write(3)];
  expect(broken(sound(), { writes: [one, two] })).toEqual(['I2']);
  expect(broken(sound(), { writes: [one, two, { ...three, outcome: 'fail' }] })).toEqual(['I2']);
  expect(broken(sound(), { writes: [one, two, { ...three, outcome: 'info' }] })).toEqual([]);
});

test('I3: the same client_message_id twice', () => {
  const history = sound();
  history.truth.messages.push({ chatId, seq: 2, senderId: 'ann', clientMessageId: 'c1' });
  expect(broken(history)).toContain('I3');
});

test('I4: a hole, and a number that was taken without an event', () => {
  const holed = sound();
  holed.truth.events.set(
    chatId,
    (holed.truth.events.get(chatId) ?? []).filter(({ seq }) => seq !== 2),
  );
  expect(broken(holed)).toContain('I4');
  const burnt = sound();
  burnt.truth.heads.set(chatId, 4);
  expect(broken(burnt)).toEqual(['I4']);
});

test('I5: the last event never arrived; I6: one before it did not, or two changed places, or one came twice', () => {
  const shows = (...seqs: number[]) => {
    const history = sound();
    history.reader.shown.set(chatId, seqs.map(event));
    return broken(history);
  };
  expect(shows(1, 2)).toEqual(['I5']);
  expect(shows(1, 3)).toEqual(['I5', 'I6']);
  expect(shows(1, 3, 2)).toEqual(['I6']);
  expect(shows(1, 2, 2, 3)).toEqual(['I5', 'I6']);
});

test('I6: a first copy that came after a later one; a duplicate may come at any time', () => {
  const history = sound();
  const push = (seq: number, connection = 0) => ({ connection, atMs: 0, chatId, seq });
  const pushed = (...pushes: ReturnType<typeof push>[]) => broken(history, { readers: [{ ...history.reader, pushes }] });
  expect(pushed(push(1), push(3), push(2))).toEqual(['I6']);
  expect(pushed(push(1), push(2), push(1), push(2), push(3))).toEqual([]);
  expect(pushed(push(3), push(1, 1), push(2, 1))).toEqual([]);
});

test('I7: answered before another began, but with a higher seq', () => {
  const late = { ...write(1), attempts: [{ atMs: 100, endedAtMs: 110, status: 201 }] };
  expect(broken(sound(), { writes: [late, write(2), write(3)] })).toEqual(['I7']);
});

test('I8: rows that are left', () => {
  const history = sound();
  expect(broken(history, { truth: { ...history.truth, outboxRows: 1 } })).toEqual(['I8']);
});

test('I10: pushed or answered outside the membership', () => {
  const history = sound();
  const intervals = new Map([[`${chatId} ann`, [{ joinedSeq: 1, leftSeq: 2 }]]]);
  const own = { ...history.reader, shown: new Map([[chatId, [event(1), event(2)]]]) };
  const truth = { ...history.truth, intervals };
  expect(broken(history, { truth, readers: [own] })).toEqual(['I10']);
  const quiet = { ...own, pushes: own.pushes.filter(({ seq }) => seq < 3) };
  expect(broken(history, { truth, readers: [quiet] })).toEqual([]);
  expect(broken(history, { truth, readers: [{ ...quiet, fetched: [`${chatId} 3`] }] })).toEqual(['I10']);
});
