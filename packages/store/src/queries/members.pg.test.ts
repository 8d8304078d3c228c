import { randomUUID } from 'node:crypto';
import { eventSchema } from '@carillon/protocol';
import { describe, expect, test } from 'vitest';
import { useTestStore } from '../test-store.contract.ts';
import { addMembers } from './add-members.ts';
import { createGroup } from './create-group.ts';
import { deleteChat } from './delete-chat.ts';
import { readChat } from './read-chat.ts';
import { readEvents } from './read-events.ts';
import { readMemberIntervals } from './read-member-intervals.ts';
import { readMembers } from './read-members.ts';
import { readMessage } from './read-message.ts';
import { readMessages } from './read-messages.ts';
import { readOverview } from './read-overview.ts';
import { removeMember } from './remove-member.ts';
import { updateChat } from './update-chat.ts';
import { updateMemberRole } from './update-member-role.ts';

const store = useTestStore();
const many = (count: number) => [...Array(count).keys()];
const notFound = { kind: 'not_found' };
const forbidden = { kind: 'forbidden' };
const add = (chatId: string, userId: string, ...userIds: string[]) =>
  addMembers(store().db, { chatId, userId, userIds, maxMembers: 20_000 });
const remove = (chatId: string, userId: string, memberId: string) => removeMember(store().db, { chatId, userId, memberId });
const setRole = (chatId: string, userId: string, memberId: string, role: 'owner' | 'admin' | 'member') =>
  updateMemberRole(store().db, { chatId, userId, memberId, role });
const lastEvents = async (chatId: string, count: number) => (await store().events(chatId)).slice(-count);

/** The event log's recipients of a seq, by the rule of the relay. */
async function recipients(chatId: string, seq: number): Promise<string[]> {
  const { intervals } = await readMemberIntervals(store().db, chatId);
  return intervals.filter((i) => i.joinedSeq <= seq && (i.leftSeq === null || seq <= i.leftSeq)).map((i) => i.userId);
}

describe('groups', () => {
  test('[H1] the same client_chat_id finds the chat, other content is a conflict, racing retries make one chat', async () => {
    const { db } = store();
    const create = (title: string, chatId: string = randomUUID()) =>
      createGroup(db, {
        ...{ chatId, userId: 'olivia', clientChatId: 'c-1', contentHash: Buffer.from(title), title, avatarUrl: null },
        ...{ memberIds: ['bob'], maxMembers: 10 },
      });
    const outcomes = await Promise.all(many(5).map(() => create('One')));
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(['created', ...Array(4).fill('existing')]);
    expect(new Set(outcomes.map((outcome) => ('chat' in outcome ? outcome.chat.id : ''))).size).toBe(1);
    expect(await create('Two')).toEqual({ kind: 'conflict' });
  });

  test('[G8] creating again after the creator left, or after the chat was deleted, is a conflict', async () => {
    const { db } = store();
    const create = (clientChatId: string) =>
      createGroup(db, {
        ...{ chatId: randomUUID(), userId: 'gina', clientChatId, contentHash: Buffer.from('same'), title: 'One', avatarUrl: null },
        ...{ memberIds: ['bob'], maxMembers: 10 },
      });
    const [left, deleted] = [await create('left'), await create('deleted')];
    if (left.kind !== 'created' || deleted.kind !== 'created') throw new Error('both are new');
    await remove(left.chat.id, 'gina', 'gina');
    await deleteChat(db, { chatId: deleted.chat.id, userId: 'gina' });
    for (const id of ['left', 'deleted']) expect(await create(id)).toEqual({ kind: 'conflict' });
    expect(await store().rows("SELECT 1 FROM chats WHERE created_by = 'gina'")).toHaveLength(2);
  });

  test('[G5] [M1] a large group is told in events of 100, each with the chat as of its seq; recipients join at their event', async () => {
    const ids = many(249).map((n) => `user-${n}`);
    const chat = await store().group('olivia', ids);
    expect(chat).toMatchObject({ seq: 3, member_count: 250 });
    const events = (await store().events(chat.id)).map((event) => eventSchema.parse(event));
    expect(events.map((event) => [event.seq, event.event])).toEqual([
      [1, 'chat.created'],
      [2, 'member.added'],
      [3, 'member.added'],
    ]);
    const counts = events.map((event) =>
      'members' in event.data ? [event.data.members.length, event.data.chat.member_count, event.data.chat.seq] : [],
    );
    expect(counts).toEqual([
      [100, 100, 1],
      [100, 200, 2],
      [50, 250, 3],
    ]);
    expect(await Promise.all([1, 2, 3].map(async (seq) => (await recipients(chat.id, seq)).length))).toEqual([100, 200, 250]);
    expect(await store().outboxSeqs(chat.id)).toEqual([1, 2, 3]);
    expect((await createGroup(store().db, { ...chat, ...tooFull })).kind).toBe('full');
  });

  test('[M1] a group of 10,000 is created and expanded', async () => {
    const chat = await store().group(
      'olivia',
      many(9_999).map((n) => `user-${n}`),
    );
    expect(chat).toMatchObject({ seq: 100, member_count: 10_000 });
    expect(await recipients(chat.id, 100)).toHaveLength(10_000);
  });
});

const tooFull = {
  chatId: randomUUID(),
  userId: 'olivia',
  clientChatId: null,
  contentHash: Buffer.from(''),
  avatarUrl: null,
  title: 'A',
  memberIds: ['a'],
  maxMembers: 1,
};

describe('membership', () => {
  test('[M5] [M9] who joins sees what comes from the joining on, and begins with everything read', async () => {
    const chat = await store().group('olivia', ['bob']);
    await store().send(chat.id, 'bob', 'before');
    const outcome = await add(chat.id, 'olivia', 'carol', 'bob', 'carol');
    expect(outcome).toMatchObject({ kind: 'ok', members: [{ user_id: 'carol', joined_seq: 3 }, { user_id: 'bob' }] });
    expect(await lastEvents(chat.id, 1)).toMatchObject([
      { event: 'member.added', data: { chat: { seq: 3, member_count: 3 }, members: [{ user_id: 'carol' }] } },
    ]);
    await store().send(chat.id, 'bob', 'after');
    const entry = await readChat(store().db, { chatId: chat.id, userId: 'carol' });
    expect(entry).toMatchObject({ my_joined_seq: 3, read_message_no: 1, unread_count: 1, last_message: { text: 'after' } });
    const page = await readMessages(store().db, { chatId: chat.id, userId: 'carol', limit: 10, position: { kind: 'newest' } });
    expect(page).toMatchObject({ seq: 4, messages: [{ text: 'after' }], hasMoreBefore: false });
    const events = await readEvents(store().db, { chatId: chat.id, userId: 'carol', afterSeq: 0, limit: 10 });
    expect(events).toMatchObject({ seq: 4, hasMore: false, events: [{ seq: 3 }, { seq: 4 }] });
    const before = (await store().events(chat.id))[1];
    const messageId = before?.event === 'message.created' ? before.data.message.id : '';
    expect(await readMessage(store().db, { chatId: chat.id, userId: 'bob', messageId })).toMatchObject({ text: 'before' });
    expect(await readMessage(store().db, { chatId: chat.id, userId: 'carol', messageId })).toBeUndefined();
  });

  test('[G6] adding only members makes no event, however full the chat; too many are refused whole', async () => {
    const chat = await store().group('olivia', ['bob']);
    expect(await add(chat.id, 'olivia', 'bob')).toMatchObject({ kind: 'ok', members: [{ user_id: 'bob' }] });
    expect(await store().events(chat.id)).toHaveLength(1);
    const outcome = await addMembers(store().db, { chatId: chat.id, userId: 'olivia', userIds: ['carol', 'dave'], maxMembers: 3 });
    expect(outcome).toEqual({ kind: 'full' });
    const addTo = (maxMembers: number, ...userIds: string[]) =>
      addMembers(store().db, { chatId: chat.id, userId: 'olivia', userIds, maxMembers });
    expect(await addTo(1, 'bob', 'olivia')).toMatchObject({ kind: 'ok', members: [{ user_id: 'bob' }, { user_id: 'olivia' }] });
    expect(await addTo(2, 'bob', 'carol')).toEqual({ kind: 'full' });
    expect(await recipients(chat.id, 1)).toHaveLength(2);
    expect((await store().send(chat.id, 'olivia')).seq).toBe(2);
    expect(await addTo(3, 'bob', 'carol', 'carol')).toMatchObject({ kind: 'ok', members: [{ user_id: 'bob' }, { user_id: 'carol' }] });
  });

  test('[M6] [H2] [M5] the removal is the last thing that a removed member is told; then every read is not found', async () => {
    const { db } = store();
    const chat = await store().group('olivia', ['bob', 'carol']);
    const message = await store().send(chat.id, 'bob');
    expect(await remove(chat.id, 'olivia', 'bob')).toEqual({ kind: 'ok' });
    expect(await lastEvents(chat.id, 1)).toMatchObject([
      {
        event: 'member.removed',
        seq: 3,
        actor_id: 'olivia',
        data: { user_id: 'bob', reason: 'removed', chat: { seq: 3, member_count: 2 } },
      },
    ]);
    await store().send(chat.id, 'carol');
    expect(await Promise.all([2, 3, 4].map((seq) => recipients(chat.id, seq)))).toEqual([
      expect.arrayContaining(['olivia', 'bob', 'carol']),
      expect.arrayContaining(['olivia', 'bob', 'carol']),
      expect.not.arrayContaining(['bob']),
    ]);
    const as = { chatId: chat.id, userId: 'bob' };
    expect(await readChat(db, as)).toBeUndefined();
    expect(await readMessage(db, { ...as, messageId: message.id })).toBeUndefined();
    expect(await readMessages(db, { ...as, limit: 10, position: { kind: 'newest' } })).toEqual(notFound);
    expect(await readEvents(db, { ...as, afterSeq: 0, limit: 10 })).toEqual(notFound);
    expect(await readMembers(db, { ...as, limit: 10 })).toEqual(notFound);
    expect(await store().trySend(chat.id, 'bob')).toEqual(notFound);
    expect(await add(chat.id, 'bob', 'dave')).toEqual(notFound);
    expect(await remove(chat.id, 'bob', 'bob')).toEqual(notFound);
    expect((await readOverview(db, { userId: 'bob', limit: 100 })).kind === 'ok').toBe(true);
  });

  test('[M5] coming back opens a new interval: what happened in between stays unseen', async () => {
    const { db } = store();
    const chat = await store().group('olivia', ['bob']);
    await store().send(chat.id, 'olivia', 'first');
    await remove(chat.id, 'bob', 'bob');
    await store().send(chat.id, 'olivia', 'unseen');
    await add(chat.id, 'olivia', 'bob');
    await store().send(chat.id, 'olivia', 'last');
    const as = { chatId: chat.id, userId: 'bob' };
    const all = await readMessages(db, { ...as, limit: 10, position: { kind: 'newest' } });
    expect(all).toMatchObject({ messages: [{ text: 'first' }, { text: 'last' }] });
    expect(await readEvents(db, { ...as, afterSeq: 0, limit: 2 })).toMatchObject({
      events: [{ seq: 1 }, { seq: 2 }],
      seq: 2,
      hasMore: true,
    });
    expect(await readEvents(db, { ...as, afterSeq: 2, limit: 9 })).toMatchObject({
      events: [{ seq: 3 }, { seq: 5 }, { seq: 6 }],
      seq: 6,
      hasMore: false,
    });
  });

  test('[M7] an event expands to the same recipients however late, after any further changes', async () => {
    const chat = await store().group('olivia', ['anna', 'bob']);
    const expected: string[][] = [['anna', 'bob', 'olivia']];
    const told = async (change: Promise<unknown>, ...users: string[]) => {
      await change;
      expected.push(users.sort());
    };
    await told(store().send(chat.id, 'bob'), 'anna', 'bob', 'olivia');
    await told(add(chat.id, 'olivia', 'carol'), 'anna', 'bob', 'carol', 'olivia');
    await told(remove(chat.id, 'olivia', 'bob'), 'anna', 'bob', 'carol', 'olivia');
    await told(store().send(chat.id, 'carol'), 'anna', 'carol', 'olivia');
    await told(remove(chat.id, 'anna', 'anna'), 'anna', 'carol', 'olivia');
    await told(add(chat.id, 'olivia', 'bob'), 'bob', 'carol', 'olivia');
    await told(deleteChat(store().db, { chatId: chat.id, userId: 'olivia' }), 'bob', 'carol', 'olivia');
    const now = await Promise.all(expected.map((_, index) => recipients(chat.id, index + 1)));
    expect(now.map((users) => users.sort())).toEqual(expected);
  });

  test('[G3] [G4] roles: who may remove, add, rename and give roles', async () => {
    const chat = await store().group('olivia', ['adam', 'anna', 'bob', 'carol']);
    for (const admin of ['adam', 'anna'])
      expect(await setRole(chat.id, 'olivia', admin, 'admin')).toMatchObject({ member: { role: 'admin' } });
    expect(await setRole(chat.id, 'adam', 'bob', 'admin')).toEqual(forbidden);
    expect(await setRole(chat.id, 'adam', 'nobody', 'admin')).toEqual(notFound);
    expect(await remove(chat.id, 'bob', 'nobody')).toEqual(notFound);
    for (const role of ['member', 'admin'] as const) expect(await setRole(chat.id, 'olivia', 'olivia', role)).toEqual(forbidden);
    expect(await setRole(chat.id, 'olivia', 'olivia', 'owner')).toMatchObject({ kind: 'ok', member: { role: 'owner' } });
    expect(await remove(chat.id, 'adam', 'anna')).toEqual(forbidden);
    expect(await remove(chat.id, 'adam', 'olivia')).toEqual(forbidden);
    expect(await remove(chat.id, 'bob', 'carol')).toEqual(forbidden);
    expect(await remove(chat.id, 'adam', 'carol')).toEqual({ kind: 'ok' });
    expect(await add(chat.id, 'bob', 'eve')).toEqual(forbidden);
    expect(await updateChat(store().db, { chatId: chat.id, userId: 'bob', title: 'No' })).toEqual(forbidden);
    expect(await updateChat(store().db, { chatId: chat.id, userId: 'adam', title: 'Yes' })).toMatchObject({
      chat: { title: 'Yes', seq: 5 },
    });
    expect(await updateChat(store().db, { chatId: chat.id, userId: 'adam', title: 'Yes' })).toMatchObject({ chat: { seq: 5 } });
    expect(await deleteChat(store().db, { chatId: chat.id, userId: 'adam' })).toEqual(forbidden);
    expect(await setRole(chat.id, 'olivia', 'adam', 'admin')).toMatchObject({ kind: 'ok' });
    expect(await store().events(chat.id)).toHaveLength(5);
  });

  test('giving `owner` makes the giver an admin: the new owner’s event comes first', async () => {
    const chat = await store().group('olivia', ['bob']);
    expect(await setRole(chat.id, 'olivia', 'bob', 'owner')).toMatchObject({ kind: 'ok', member: { user_id: 'bob', role: 'owner' } });
    expect(await lastEvents(chat.id, 2)).toMatchObject([
      { seq: 2, event: 'member.updated', data: { member: { user_id: 'bob', role: 'owner' } } },
      { seq: 3, event: 'member.updated', data: { member: { user_id: 'olivia', role: 'admin' } } },
    ]);
  });

  test('[G1] when the owner leaves, the longest-serving admin, else member, becomes owner, of equals the first by byte', async () => {
    const chat = await store().group('olivia', ['bob', 'Zoe']);
    await add(chat.id, 'olivia', 'anna');
    await add(chat.id, 'olivia', 'adam');
    await setRole(chat.id, 'olivia', 'adam', 'admin');
    await remove(chat.id, 'olivia', 'olivia');
    expect(await lastEvents(chat.id, 2)).toMatchObject([
      { seq: 5, event: 'member.removed', data: { user_id: 'olivia', reason: 'left', chat: { seq: 5, member_count: 4 } } },
      { seq: 6, event: 'member.updated', data: { member: { user_id: 'adam', role: 'owner' } } },
    ]);
    expect(await recipients(chat.id, 6)).not.toContain('olivia');
    await remove(chat.id, 'adam', 'adam');
    expect(await lastEvents(chat.id, 1)).toMatchObject([{ data: { member: { user_id: 'Zoe', role: 'owner' } } }]);
    await remove(chat.id, 'Zoe', 'Zoe');
    await remove(chat.id, 'bob', 'bob');
    expect(await lastEvents(chat.id, 1)).toMatchObject([{ data: { member: { user_id: 'anna', role: 'owner' } } }]);
  });

  test('[G2] when the last member leaves, the chat is deleted with that event', async () => {
    const chat = await store().group('olivia');
    expect(await remove(chat.id, 'olivia', 'olivia')).toEqual({ kind: 'ok' });
    expect(await lastEvents(chat.id, 1)).toMatchObject([
      { seq: 2, event: 'member.removed', data: { chat: { member_count: 0, deleted_at: expect.any(String) } } },
    ]);
    expect(await readChat(store().db, { chatId: chat.id, userId: 'olivia' })).toBeUndefined();
    expect(await recipients(chat.id, 2)).toEqual(['olivia']);
  });

  test('[M6] deleting a chat is the last event in every interval', async () => {
    const chat = await store().group('olivia', ['bob']);
    expect(await deleteChat(store().db, { chatId: chat.id, userId: 'olivia' })).toEqual({ kind: 'ok' });
    expect(await lastEvents(chat.id, 1)).toMatchObject([
      { event: 'chat.deleted', seq: 2, data: { chat: { seq: 2, member_count: 2, deleted_at: expect.any(String) } } },
    ]);
    expect((await recipients(chat.id, 2)).sort()).toEqual(['bob', 'olivia']);
    expect(await recipients(chat.id, 3)).toEqual([]);
    expect(await deleteChat(store().db, { chatId: chat.id, userId: 'olivia' })).toEqual(notFound);
    expect(await store().trySend(chat.id, 'bob')).toEqual(notFound);
  });

  test('[H7] a list or an entry read beside concurrent joins shows the members as of its seq', async () => {
    const chat = await store().group('olivia');
    const as = { chatId: chat.id, userId: 'olivia' };
    let isJoining = true;
    const joins = (async () => {
      for (const n of many(60)) await add(chat.id, 'olivia', `user-${n}`); // the n-th event adds the n-th member
      isJoining = false;
    })();
    const counts: [number, number | undefined][] = [];
    while (isJoining) {
      const page = await readMembers(store().db, { ...as, limit: 100 });
      if (page.kind !== 'ok') throw new Error(page.kind);
      const entry = await readChat(store().db, as);
      counts.push([page.seq, page.members.length], [entry?.seq ?? 0, entry?.member_count]);
    }
    await joins;
    expect(counts.length).toBeGreaterThan(20);
    for (const [seq, members] of counts) expect(members).toBe(seq);
  });

  test('[H7] [G9] members come in pages by the bytes of their ids, with the chat’s seq', async () => {
    const chat = await store().group('olivia', ['a', 'b', 'c', 'Z']);
    const read = (cursor?: string) => readMembers(store().db, { chatId: chat.id, userId: 'a', limit: 3, cursor });
    const first = await read();
    expect(first).toMatchObject({ kind: 'ok', seq: 1, members: [{ user_id: 'Z' }, { user_id: 'a' }, { user_id: 'b' }] });
    const second = await read(first.kind === 'ok' ? (first.nextCursor ?? '') : '');
    expect(second).toMatchObject({ kind: 'ok', members: [{ user_id: 'c' }, { user_id: 'olivia', role: 'owner' }], nextCursor: null });
    expect(await read('garbage')).toEqual({ kind: 'invalid_cursor' });
  });
});
