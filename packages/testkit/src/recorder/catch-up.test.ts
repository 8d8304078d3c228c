import type { Event } from '@carillon/protocol';
import { expect, test } from 'vitest';
import { CatchUp } from './catch-up.ts';
import { ReaderRecord } from './reader-record.ts';

const chatId = '0197f3a0-0000-7000-8000-000000000000';
const chat = {
  ...{ id: chatId, kind: 'group', title: 'A group', avatar_url: null, created_by: 'ada', created_at: '2026-01-02T03:04:05.678Z' },
  ...{ deleted_at: null, seq: 3, message_no: 0, member_count: 1 },
};
const event = (seq: number): Event => ({
  ...{ type: 'event', event: 'member.removed', chat_id: chatId, seq, actor_id: 'ada', at: chat.created_at },
  data: { user_id: 'bob', reason: 'left', chat: { ...chat, kind: 'group' } },
});

/** An API with one chat that has events up to `seq`. */
function apiUpTo(head: { seq: number }) {
  const answer = (path: string) => {
    const { pathname, searchParams } = new URL(path, 'http://api');
    const view = { last_message: null, my_role: 'owner', my_joined_seq: 1, read_message_no: 0, unread_count: 0 };
    if (pathname === '/v1/chats') return { chats: [{ ...chat, ...view, seq: head.seq }], next_cursor: null, sync_cursor: 'c' };
    const after = Number(searchParams.get('after_seq'));
    const events = Array.from({ length: head.seq - after }, (_, n) => event(after + n + 1));
    return { events, seq: head.seq, has_more: false };
  };
  const call = (_user: string, _method: string, path: string) =>
    Promise.resolve({ status: 200, headers: new Headers(), body: answer(path) });
  return { call, expect: async (user: string, method: string, path: string) => (await call(user, method, path)).body };
}

test('what a snapshot reads is no gap fetch; a hole that stays is one', async () => {
  const head = { seq: 3 };
  const record = new ReaderRecord();
  await using catchUp = new CatchUp({ api: apiUpTo(head), userId: 'ada', record });
  catchUp.sync();
  await expect.poll(() => catchUp.isWhole).toBe(true);
  expect(record).toMatchObject({ gapFetches: 0, syncs: 0 });
  head.seq = 5;
  catchUp.merge(event(5));
  await expect.poll(() => catchUp.isWhole).toBe(true);
  expect(record).toMatchObject({ gapFetches: 1, syncs: 0 });
  expect(
    catchUp
      .timelines()
      .get(chatId)
      ?.events.map(({ seq }) => seq),
  ).toEqual([1, 2, 3, 4, 5]);
});
