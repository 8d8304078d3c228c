import type { ChatSnapshot, Message, MessagePage } from '@carillon/client';
import { expect, test } from 'vitest';
import { compare, type Shown } from './comparison.ts';

function message(seq: number, text = `message ${seq}`): Message {
  return {
    ...{ id: `m${seq}`, chat_id: 'c', seq, message_no: seq, sender_id: 'ann', client_message_id: `${seq}`, type: 'text', text },
    ...{ attachments: [], date: '2026-01-01T00:00:00.000Z', edited_at: null, deleted_at: null },
  };
}

function page(...messages: Message[]): MessagePage {
  return { messages, seq: messages.at(-1)?.seq ?? 0, has_more_before: false, has_more_after: false };
}

function shown(userId: string, messages: readonly Message[], change: Partial<ChatSnapshot> = {}): Shown {
  return { userId, snapshot: { messages, pending: [], status: 'live', isLoaded: true, ...change } };
}

const [one, two, three] = [message(1), message(2), message(3)];

test('[E6] sides are equal when each shows what is in Postgres, as far back as both reach', () => {
  const reordered = Object.fromEntries(Object.entries(three).toReversed()) as Message;
  expect(compare(page(one, two, three), [shown('ann', [one, two, three]), shown('bob', [two, reordered])])).toEqual({
    kind: 'equal',
    messages: 2,
  });
});

test('[E6] what differs is said: missing, other, pending, not live', () => {
  const stored = page(one, two, three);
  const all = [one, two, three];
  const reasons = (side: Shown) => {
    const verdict = compare(stored, [shown('ann', all), side]);
    return verdict.kind === 'different' ? verdict.reasons : [];
  };
  expect(reasons(shown('bob', [one]))).toEqual(['bob lacks 2']);
  expect(reasons(shown('bob', [one, three]))).toEqual(['bob shows something else']);
  expect(reasons(shown('bob', [one, two, message(3, 'edited')]))).toEqual(['bob shows something else']);
  expect(reasons(shown('bob', [...all, message(4)]))).toEqual(['bob is ahead of the answer']);
  expect(reasons(shown('bob', all, { pending: [{} as never] }))).toEqual(['bob has 1 on the way']);
  expect(reasons(shown('bob', all, { status: 'catching_up' }))).toEqual(['bob is catching up']);
  expect(reasons(shown('bob', all, { status: { stale: { since: 0 } } }))).toEqual(['bob is offline']);
  expect(reasons(shown('bob', [], { isLoaded: false }))).toEqual(['bob has not loaded the chat']);
});
