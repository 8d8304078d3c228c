import { describe, expect, test } from 'vitest';
import { useTestStore } from '../test-store.contract.ts';
import { deleteMessage } from './delete-message.ts';
import { markRead } from './mark-read.ts';
import { readChat } from './read-chat.ts';
import { removeMember } from './remove-member.ts';

const store = useTestStore();

describe('read positions', () => {
  test('[M8] the position never moves back and stays within the chat', async () => {
    const chat = await store().group('olivia', ['bob']);
    for (const _ of [1, 2, 3]) await store().send(chat.id, 'olivia');
    const mark = (messageNo: number) => markRead(store().db, { chatId: chat.id, userId: 'bob', messageNo });
    expect(await mark(2)).toEqual({ kind: 'ok', readMessageNo: 2, moved: true, directPeerId: null });
    expect(await mark(1)).toEqual({ kind: 'ok', readMessageNo: 2, moved: false, directPeerId: null });
    expect(await mark(Number.MAX_SAFE_INTEGER)).toMatchObject({ readMessageNo: 3, moved: true });
    expect(await markRead(store().db, { chatId: chat.id, userId: 'mallory', messageNo: 1 })).toEqual({ kind: 'not_found' });
  });

  test('[M8] [M9] unread is message_no - read_message_no after sends, reads and deletes; own sends are read', async () => {
    const chat = await store().group('olivia', ['bob']);
    const first = await store().send(chat.id, 'olivia');
    await store().send(chat.id, 'olivia');
    const unread = async (userId: string) => (await readChat(store().db, { chatId: chat.id, userId }))?.unread_count;
    expect([await unread('olivia'), await unread('bob')]).toEqual([0, 2]);
    await deleteMessage(store().db, { chatId: chat.id, userId: 'olivia', messageId: first.id });
    expect(await unread('bob')).toBe(2);
    await store().send(chat.id, 'bob');
    expect([await unread('olivia'), await unread('bob')]).toEqual([1, 0]);
  });

  test('[M8] many devices at once end at the highest position', async () => {
    const chat = await store().group('olivia', ['bob']);
    for (const _ of Array(20).keys()) await store().send(chat.id, 'olivia');
    const outcomes = await Promise.all(
      [...Array(20).keys()].map((n) => markRead(store().db, { chatId: chat.id, userId: 'bob', messageNo: n + 1 })),
    );
    for (const [n, outcome] of outcomes.entries()) expect(outcome.kind === 'ok' && outcome.readMessageNo).toBeGreaterThanOrEqual(n + 1);
    expect(await readChat(store().db, { chatId: chat.id, userId: 'bob' })).toMatchObject({ read_message_no: 20, unread_count: 0 });
  });

  test('[H2] an ex-member has no position', async () => {
    const chat = await store().group('olivia', ['bob']);
    await removeMember(store().db, { chatId: chat.id, userId: 'bob', memberId: 'bob' });
    expect(await markRead(store().db, { chatId: chat.id, userId: 'bob', messageNo: 1 })).toEqual({ kind: 'not_found' });
  });
});
