import { randomUUID } from 'node:crypto';
import { AppError, type Attachment, type Message } from '@carillon/protocol';
import { describe, expect, test } from 'vitest';
import { useTestStore } from '../test-store.contract.ts';
import { appendMessage } from './append-message.ts';
import { deleteMessage } from './delete-message.ts';
import { editMessage } from './edit-message.ts';
import { readChat } from './read-chat.ts';
import { readEvents } from './read-events.ts';
import { readMessage } from './read-message.ts';
import { type MessagesPosition, readMessages } from './read-messages.ts';
import { readOverview } from './read-overview.ts';
import { readSync } from './read-sync.ts';
import { updateMemberRole } from './update-member-role.ts';

const store = useTestStore();
const many = (count: number) => [...Array(count).keys()];
const edit = (message: Message, userId: string, text: string) =>
  editMessage(store().db, { chatId: message.chat_id, userId, messageId: message.id, change: (current) => ({ ...current, text }) });
const remove = (message: Message, userId: string) => deleteMessage(store().db, { chatId: message.chat_id, userId, messageId: message.id });

describe('reading messages', () => {
  test('[H7] [G10] pages by newest, before, after and around, ascending, each side saying whether there is more', async () => {
    const chat = await store().group('olivia');
    for (const n of many(10)) await store().send(chat.id, 'olivia', `${n + 2}`); // texts equal their seq: 2 to 11
    const page = async (position: MessagesPosition, limit = 4) => {
      const outcome = await readMessages(store().db, { chatId: chat.id, userId: 'olivia', limit, position });
      if (outcome.kind !== 'ok') return outcome.kind;
      expect(outcome.seq).toBe(11);
      return [outcome.hasMoreBefore, ...outcome.messages.map((message) => message.seq), outcome.hasMoreAfter];
    };
    expect(await page({ kind: 'newest' })).toEqual([true, 8, 9, 10, 11, false]);
    expect(await page({ kind: 'newest' }, 10)).toEqual([false, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, false]);
    expect(await page({ kind: 'before', seq: 8 })).toEqual([true, 4, 5, 6, 7, true]);
    expect(await page({ kind: 'before', seq: 4 })).toEqual([false, 2, 3, true]);
    expect(await page({ kind: 'before', seq: 2 })).toEqual([false, true]);
    expect(await page({ kind: 'after', seq: 3 })).toEqual([true, 4, 5, 6, 7, true]);
    expect(await page({ kind: 'after', seq: 9 })).toEqual([true, 10, 11, false]);
    expect(await page({ kind: 'after', seq: Number.MAX_SAFE_INTEGER })).toEqual([true, false]);
    expect(await page({ kind: 'around', seq: 6 })).toEqual([true, 4, 5, 6, 7, true]);
    expect(await page({ kind: 'around', seq: 2 })).toEqual([false, 2, 3, 4, 5, true]);
    expect(await page({ kind: 'around', seq: 11 })).toEqual([true, 8, 9, 10, 11, false]);
    expect(await page({ kind: 'around', seq: 6 }, 1)).toEqual([true, 6, true]);
  });

  test('[H7] a page beside concurrent writers equals the events up to its seq', async () => {
    const chat = await store().group('olivia');
    let isWriting = true;
    const writeOne = async () => {
      const message = await store().send(chat.id, 'olivia');
      await edit(message, 'olivia', 'edited');
      if (message.message_no % 3 === 0) await remove(message, 'olivia');
    };
    const writers = many(3).map(async () => {
      while (isWriting) await writeOne();
    });
    const pages = [];
    for (const _ of many(15))
      pages.push(await readMessages(store().db, { chatId: chat.id, userId: 'olivia', limit: 100, position: { kind: 'newest' } }));
    isWriting = false;
    await Promise.all(writers);
    const events = await store().rows<{ seq: string; event: string; id: string }>(
      'SELECT seq, event, message_id AS id FROM events WHERE chat_id = $1 AND message_id IS NOT NULL ORDER BY seq',
      [chat.id],
    );
    for (const page of pages) {
      if (page.kind !== 'ok') throw new Error(page.kind);
      const state = new Map(events.flatMap(({ seq, event, id }) => (Number(seq) <= page.seq ? [[id, event]] : [])));
      expect(page.messages.map((message) => [message.id, lastChange(message)])).toEqual([...state].slice(-100));
    }
  });
});

function lastChange(message: Message): string {
  if (message.deleted_at !== null) return 'message.deleted';
  return message.edited_at !== null ? 'message.updated' : 'message.created';
}

describe('changing messages', () => {
  test('an edit is an event with the whole message; without a change there is none', async () => {
    const chat = await store().group('olivia', ['bob']);
    const message = await store().send(chat.id, 'bob', 'one');
    expect(await edit(message, 'bob', 'two')).toMatchObject({
      kind: 'ok',
      message: { seq: 2, text: 'two', edited_at: expect.any(String) },
    });
    expect(await edit(message, 'bob', 'two')).toMatchObject({ kind: 'ok', message: { text: 'two' } });
    expect(await edit(message, 'olivia', 'three')).toEqual({ kind: 'forbidden' });
    expect(await edit({ ...message, id: randomUUID() }, 'bob', 'x')).toEqual({ kind: 'not_found' });
    const events = await store().events(chat.id);
    expect(events.map((event) => event.event)).toEqual(['chat.created', 'message.created', 'message.updated']);
    expect(events[1]).toMatchObject({ data: { message: { text: 'one' } } });
    expect(events[2]).toMatchObject({ seq: 3, data: { message: { seq: 2, text: 'two' } } });
  });

  test('[M1] a change that is refused by the caller rolls back and burns no number', async () => {
    const chat = await store().group('olivia');
    const message = await store().send(chat.id, 'olivia', 'one');
    const refuse = () => {
      throw new AppError('validation_failed');
    };
    const input = { chatId: chat.id, userId: 'olivia', messageId: message.id, change: refuse };
    await expect(editMessage(store().db, input)).rejects.toMatchObject({ code: 'validation_failed' });
    expect((await store().send(chat.id, 'olivia')).seq).toBe(3);
  });

  test('[H1] a retry after an edit finds the message as it is now', async () => {
    const chat = await store().group('olivia');
    const first = await store().trySend(chat.id, 'olivia', 'one', 'client-1');
    if (first.kind !== 'created') throw new Error(first.kind);
    await edit(first.message, 'olivia', 'two');
    expect(await store().trySend(chat.id, 'olivia', 'one', 'client-1')).toMatchObject({ kind: 'existing', message: { text: 'two' } });
    expect(await store().trySend(chat.id, 'olivia', 'two', 'client-1')).toEqual({ kind: 'conflict' });
  });

  test('[M10] after a deletion no read returns the content, earlier events and a running sync included', async () => {
    const { db } = store();
    const chat = await store().group('olivia', ['bob']);
    const overview = await readOverview(db, { userId: 'bob', limit: 10 });
    if (overview.kind !== 'ok') throw new Error(overview.kind);
    const attachments: Attachment[] = [{ type: 'image', file_url: 'https://example.org/secret.png' }];
    const input = { id: randomUUID(), chatId: chat.id, userId: 'bob', clientMessageId: 'c', contentHash: Buffer.from('h'), attachments };
    const outcome = await appendMessage(db, { ...input, type: 'text', text: 'secret' });
    if (outcome.kind !== 'created') throw new Error(outcome.kind);
    const { message } = outcome;
    await edit(message, 'bob', 'secret, edited');
    expect(await remove(message, 'olivia')).toEqual({ kind: 'ok' });
    expect(await remove(message, 'bob')).toEqual({ kind: 'ok' });
    const as = { chatId: chat.id, userId: 'bob' };
    const sync = await readSync(db, { userId: 'bob', cursor: overview.syncCursor, limit: 100, retentionDays: 30 });
    const answers = [
      await readEvents(db, { ...as, afterSeq: 0, limit: 100 }),
      await readMessages(db, { ...as, limit: 10, position: { kind: 'newest' } }),
      await readMessage(db, { ...as, messageId: message.id }),
      await readChat(db, as),
      await readOverview(db, { userId: 'bob', limit: 10 }),
      await appendMessage(db, { ...input, type: 'text', text: 'secret' }),
      sync,
    ];
    for (const answer of answers) expect(JSON.stringify(answer)).not.toContain('secret');
    const tombstone = { id: message.id, seq: 2, type: 'text', text: null, attachments: [], deleted_at: expect.any(String) };
    expect(await readMessage(db, { ...as, messageId: message.id })).toMatchObject(tombstone);
    const events = await store().events(chat.id);
    expect(events.map((event) => event.event)).toEqual(['chat.created', 'message.created', 'message.updated', 'message.deleted']);
    for (const event of events.slice(1)) expect(event.data).toMatchObject({ message: tombstone });
    expect(sync).toMatchObject({ events: [{ seq: 2 }, { seq: 3 }, { seq: 4 }] });
    expect(await edit(message, 'bob', 'again')).toEqual({ kind: 'deleted' });
  });

  test('[G7] deleting: the sender, admins and the owner; a plain member is refused, also when it is deleted already', async () => {
    const chat = await store().group('olivia', ['adam', 'bob', 'carol']);
    await updateMemberRole(store().db, { chatId: chat.id, userId: 'olivia', memberId: 'adam', role: 'admin' });
    const message = await store().send(chat.id, 'bob');
    expect(await remove(message, 'carol')).toEqual({ kind: 'forbidden' });
    expect(await remove(message, 'mallory')).toEqual({ kind: 'not_found' });
    expect(await remove(message, 'adam')).toEqual({ kind: 'ok' });
    expect(await remove(message, 'carol')).toEqual({ kind: 'forbidden' });
  });
});
