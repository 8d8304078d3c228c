import { randomUUID } from 'node:crypto';
import type { Chat, Event } from '@carillon/protocol';
import { describe, expect, test } from 'vitest';
import { advanceChat, appendEvents, lockChat } from '../chat-change.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { useTestStore } from '../test-store.contract.ts';
import { addMembers } from './add-members.ts';
import { createDirect } from './create-direct.ts';
import { deleteChat } from './delete-chat.ts';
import { editMessage } from './edit-message.ts';
import { markRead } from './mark-read.ts';
import { pruneEvents } from './prune-events.ts';
import { readEvents } from './read-events.ts';
import { type Head, readHeads } from './read-heads.ts';
import { readOverview } from './read-overview.ts';
import { readSync } from './read-sync.ts';
import { removeMember } from './remove-member.ts';

const store = useTestStore();
const many = (count: number) => [...Array(count).keys()];
const retentionDays = 30;
const user = () => `user-${randomUUID()}`;

async function cursorNow(userId: string): Promise<string> {
  const overview = await readOverview(store().db, { userId, limit: 100 });
  if (overview.kind !== 'ok') throw new Error(overview.kind);
  return overview.syncCursor;
}

async function syncPage(userId: string, cursor: string, limit = 100) {
  const page = await readSync(store().db, { userId, cursor, limit, retentionDays });
  if (page.kind !== 'ok') throw new Error(page.kind);
  return page;
}

/** All pages of one run; more than 1,000 mean that it does not end. */
async function syncRun(userId: string, from: string, limit = 100): Promise<{ events: Event[]; cursor: string }> {
  const events: Event[] = [];
  let cursor = from;
  for (const _ of many(1_000)) {
    const page = await syncPage(userId, cursor, limit);
    events.push(...page.events);
    cursor = page.nextCursor;
    if (!page.hasMore) return { events, cursor };
  }
  throw new Error('the run does not end');
}

async function headsRun(userId: string, from: string, limit = 100): Promise<{ heads: Head[]; cursor: string }> {
  const heads: Head[] = [];
  let cursor = from;
  for (const _ of many(1_000)) {
    const page = await readHeads(store().db, { userId, cursor, limit, retentionDays });
    if (page.kind !== 'ok') throw new Error(page.kind);
    heads.push(...page.heads);
    cursor = page.nextCursor;
    if (!page.hasMore) return { heads, cursor };
  }
  throw new Error('the run does not end');
}

const places = (events: readonly Event[]) => events.map((event) => `${event.chat_id} ${String(event.seq).padStart(6, '0')}`);

/** A change of the chat that stays uncommitted until `commit()`: it holds an xid while others go on. */
function openChange(chat: Chat, userId: string): { commit(): Promise<void>; isOpen: Promise<void> } {
  let release: () => void = () => undefined;
  let opened: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const isOpen = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const done = store().db.transaction(async (transaction) => {
    await lockChat(transaction, { chatId: chat.id, userId });
    const step = await advanceChat(transaction, { chatId: chat.id, events: 1 });
    const event = { seq: step.chat.seq, event: 'chat.updated', data: { chat: step.chat } } as const;
    await appendEvents(transaction, { chatId: chat.id, actorId: userId, at: step.at, events: [event] });
    opened();
    await released;
  });
  const commit = () => {
    release();
    return done;
  };
  return { commit, isOpen };
}

describe('sync', () => {
  test('[H4] every missed event comes exactly once beside concurrent writers and long transactions', async () => {
    const reader = user();
    const chats = await Promise.all(many(6).map(() => store().group('olivia', [reader])));
    const quiet = await store().group('olivia', [reader]);
    let cursor = await cursorNow(reader);
    const long = openChange(quiet, 'olivia');
    await long.isOpen;
    let writing = chats.length * 3;
    const writers = chats.flatMap((chat) =>
      many(3).map(async () => {
        for (const _ of many(25)) await store().send(chat.id, 'olivia');
        writing -= 1;
      }),
    );
    const seen: Event[] = [];
    while (writing > 0) {
      const run = await syncRun(reader, cursor, 7);
      seen.push(...run.events);
      cursor = run.cursor;
    }
    await Promise.all(writers);
    const beside = await syncRun(reader, cursor, 7);
    expect(places(beside.events).some((place) => place.startsWith(quiet.id))).toBe(false);
    await long.commit();
    const last = await syncRun(reader, beside.cursor, 7);
    seen.push(...beside.events, ...last.events);
    expect(last.events).toMatchObject([{ chat_id: quiet.id, seq: 2 }]);
    const stored = (await Promise.all([...chats, quiet].map((chat) => store().events(chat.id)))).flat().filter((event) => event.seq > 1);
    expect(seen.length).toBe(451);
    expect(places(seen).sort()).toEqual(places(stored).sort());
    expect((await syncRun(reader, last.cursor)).events).toEqual([]);
  });

  test('[H4] a run is the state at its first page: later events wait for the next run', async () => {
    const reader = user();
    const chat = await store().group('olivia', [reader]);
    const cursor = await cursorNow(reader);
    for (const _ of many(5)) await store().send(chat.id, 'olivia');
    const first = await syncPage(reader, cursor, 3);
    await store().send(chat.id, 'olivia');
    const second = await syncPage(reader, first.nextCursor, 3);
    expect([first.events.map((event) => event.seq), second.events.map((event) => event.seq)]).toEqual([
      [2, 3, 4],
      [5, 6],
    ]);
    expect([first.hasMore, second.hasMore]).toEqual([true, false]);
    expect((await syncPage(reader, second.nextCursor, 3)).events).toMatchObject([{ seq: 7 }]);
  });

  test('[H2] [M5] [M6] chats left, deleted and rejoined are told to their end, and no further', async () => {
    const reader = user();
    const [left, deleted, rejoined, later] = await Promise.all(many(4).map(() => store().group('olivia', [reader])));
    if (left === undefined || deleted === undefined || rejoined === undefined || later === undefined) throw new Error('four groups');
    const { db } = store();
    const cursor = await cursorNow(reader);
    for (const chat of [left, deleted, rejoined]) await store().send(chat.id, 'olivia');
    for (const chat of [left, rejoined]) await removeMember(db, { chatId: chat.id, userId: 'olivia', memberId: reader });
    await deleteChat(db, { chatId: deleted.id, userId: 'olivia' });
    for (const chat of [left, rejoined]) await store().send(chat.id, 'olivia');
    await addMembers(db, { chatId: rejoined.id, userId: 'olivia', userIds: [reader], maxMembers: 100 });
    const { events, cursor: next } = await syncRun(reader, cursor, 2);
    const of = (chat: Chat) => events.filter((event) => event.chat_id === chat.id).map((event) => [event.seq, event.event]);
    expect(of(left)).toEqual([
      [2, 'message.created'],
      [3, 'member.removed'],
    ]);
    expect(of(deleted)).toEqual([
      [2, 'message.created'],
      [3, 'chat.deleted'],
    ]);
    expect(of(rejoined)).toEqual([
      [2, 'message.created'],
      [3, 'member.removed'],
      [5, 'member.added'],
    ]);
    expect(of(later)).toEqual([]);
    expect((await syncRun(reader, next)).events).toEqual([]);
  });

  test('[H7] overview pages carry the first page’s sync cursor, so a chat that moves between pages is not lost', async () => {
    const reader = user();
    const chats = [];
    for (const minute of many(5)) {
      const chat = await store().group('olivia', [reader]);
      // Two in one millisecond would go by their random ids.
      await store().rows('UPDATE chats SET created_at = $2 WHERE id = $1', [chat.id, `2020-01-01T00:0${minute}:00Z`]);
      chats.push(chat);
    }
    await store().send(chats[0]?.id ?? '', 'olivia', 'newest');
    const first = await readOverview(store().db, { userId: reader, limit: 2 });
    if (first.kind !== 'ok') throw new Error(first.kind);
    expect(first.chats.map((chat) => chat.id)).toEqual([chats[0]?.id, chats[4]?.id]);
    expect(first.chats[0]).toMatchObject({ last_message: { text: 'newest' }, unread_count: 1, my_role: 'member' });
    await store().send(chats[1]?.id ?? '', 'olivia', 'moved up');
    const second = await readOverview(store().db, { userId: reader, limit: 2, cursor: first.nextCursor ?? '' });
    if (second.kind !== 'ok') throw new Error(second.kind);
    expect(second.chats.map((chat) => chat.id)).toEqual([chats[3]?.id, chats[2]?.id]);
    expect([second.nextCursor, second.syncCursor]).toEqual([null, first.syncCursor]);
    expect((await syncRun(reader, first.syncCursor)).events).toMatchObject([{ chat_id: chats[1]?.id, seq: 2 }]);
  });

  test('[G9] the overview goes by the newest message that the caller may see, else the creation, then by id', async () => {
    const { db } = store();
    const reader = user();
    const at = (minute: number) => `2030-01-01T00:0${minute}:00Z`;
    const group = async (minute: number) => {
      const { id } = await store().group('olivia', [reader]);
      await store().rows('UPDATE chats SET created_at = $2 WHERE id = $1', [id, at(minute)]);
      return id;
    };
    const say = async (chatId: string, minute: number) => {
      const { id } = await store().send(chatId, 'olivia');
      await store().rows('UPDATE messages SET date = $2 WHERE id = $1', [id, at(minute)]);
    };
    const [written, empty, rejoined] = [await group(0), await group(4), await group(0)];
    const equals = [await group(1), await group(1), await group(1)];
    await say(written, 5);
    await say(rejoined, 3);
    await removeMember(db, { chatId: rejoined, userId: reader, memberId: reader });
    await say(rejoined, 9);
    await addMembers(db, { chatId: rejoined, userId: 'olivia', userIds: [reader], maxMembers: 10 });
    const order: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await readOverview(db, { userId: reader, limit: 1, cursor });
      if (page.kind !== 'ok') throw new Error(page.kind);
      order.push(...page.chats.map((chat) => chat.id));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(order).toEqual([written, empty, rejoined, ...equals.sort().reverse()]);
  });

  test('[H5] [H17] another timeline, another system or a cursor behind the retention is too long; garbage is invalid', async () => {
    const { db } = store();
    const reader = user();
    const chat = await store().group('olivia', [reader]);
    const cursor = await cursorNow(reader);
    await store().send(chat.id, 'olivia');
    const parts = decodeCursor(cursor) as unknown[];
    const changed = (index: number, value: unknown) => encodeCursor(parts.with(index, value));
    const day = 86_400_000;
    for (const old of [changed(1, '00000009'), changed(2, '1'), changed(4, Number(parts[4]) - 29 * day - 60_000)]) {
      const sync = await syncPage(reader, old);
      expect(sync).toMatchObject({ events: [], hasMore: false, tooLong: true });
      expect(await syncPage(reader, sync.nextCursor)).toMatchObject({ events: [], tooLong: false });
      expect(await readHeads(db, { userId: reader, cursor: old, limit: 10, retentionDays })).toMatchObject({ heads: [], tooLong: true });
    }
    expect(await syncPage(reader, changed(4, Number(parts[4]) - 29 * day + 60_000))).toMatchObject({
      events: [{ seq: 2 }],
      tooLong: false,
    });
    const faulty = [
      '',
      'x',
      encodeCursor(1),
      encodeCursor([]),
      changed(3, '5:4:'),
      changed(3, '0:4:'),
      changed(3, "1:2:';"),
      changed(0, 2),
      changed(4, 'now'),
    ];
    faulty.push(
      changed(3, '1:99999999999999999999999:'),
      changed(3, '10:20:15,12'),
      changed(3, '1:9223372036854775808:'),
      encodeCursor([...parts, 'sync', '1:1:', 1, 'no-uuid', 1]),
    );
    for (const bad of faulty) {
      expect(await readSync(db, { userId: reader, cursor: bad, limit: 10, retentionDays })).toEqual({ kind: 'invalid_cursor' });
      expect(await readHeads(db, { userId: reader, cursor: bad, limit: 10, retentionDays })).toEqual({ kind: 'invalid_cursor' });
      expect(await readOverview(db, { userId: reader, cursor: bad, limit: 10 })).toEqual({ kind: 'invalid_cursor' });
    }
  });
});

describe('heads', () => {
  test('[H4] list what moved, own reads, and endings once; nothing when nothing moved', async () => {
    const { db } = store();
    const reader = user();
    const [sent, read, left, deleted, still] = await Promise.all(many(5).map(() => store().group('olivia', [reader])));
    if (sent === undefined || read === undefined || left === undefined || deleted === undefined || still === undefined)
      throw new Error('five');
    await store().send(read.id, 'olivia');
    const cursor = await cursorNow(reader);
    expect((await headsRun(reader, cursor)).heads).toEqual([]);
    await store().send(sent.id, 'olivia');
    await markRead(db, { chatId: read.id, userId: reader, messageNo: 1 });
    await removeMember(db, { chatId: left.id, userId: reader, memberId: reader });
    await store().send(left.id, 'olivia');
    await deleteChat(db, { chatId: deleted.id, userId: 'olivia' });
    const run = await headsRun(reader, cursor, 1);
    const byChat = new Map(run.heads.map((head) => [head.chat_id, head]));
    expect(run.heads).toHaveLength(4);
    expect(byChat.get(sent.id)).toMatchObject({ seq: 2, read_message_no: 0 });
    expect(byChat.get(read.id)).toMatchObject({ seq: 2, read_message_no: 1 });
    expect(byChat.get(left.id)).toMatchObject({ seq: 2 });
    expect(byChat.get(deleted.id)).toMatchObject({ seq: 2 });
    expect(byChat.has(still.id)).toBe(false);
    expect((await headsRun(reader, run.cursor)).heads).toEqual([]);
    expect((await syncRun(reader, cursor)).events).toHaveLength(3);
  });

  test('[H4] no move is missed beside concurrent writers: the newest head seen of each chat is its seq', async () => {
    const reader = user();
    const chats = await Promise.all(many(6).map(() => store().group('olivia', [reader])));
    let cursor = await cursorNow(reader);
    const newest = new Map<string, number>();
    const follow = async () => {
      const run = await headsRun(reader, cursor, 2);
      for (const head of run.heads) newest.set(head.chat_id, head.seq);
      cursor = run.cursor;
    };
    let writing = chats.length;
    const writers = chats.map(async (chat) => {
      for (const _ of many(40)) await store().send(chat.id, 'olivia');
      writing -= 1;
    });
    while (writing > 0) await follow();
    await Promise.all(writers);
    await follow();
    const stored = await store().rows<{ id: string; seq: string }>('SELECT id, seq FROM chats WHERE id = ANY($1)', [
      chats.map((chat) => chat.id),
    ]);
    expect(new Map(stored.map((row) => [row.id, Number(row.seq)]))).toEqual(newest);
  });
});

describe('a cursor of the other route', () => {
  test('[H17] starts again at the base of its run, from sync to heads and from heads to sync', async () => {
    const { db } = store();
    const reader = user();
    const chats = await Promise.all(many(3).map(() => store().group('olivia', [reader])));
    const base = await cursorNow(reader);
    for (const chat of chats) await store().send(chat.id, 'olivia');
    const ids = chats.map((chat) => chat.id).sort();
    const onTheWay = await syncPage(reader, base, 2);
    expect(onTheWay.hasMore).toBe(true);
    expect((await headsRun(reader, onTheWay.nextCursor)).heads.map((head) => head.chat_id)).toEqual(ids);
    const heads = await readHeads(db, { userId: reader, cursor: base, limit: 2, retentionDays });
    if (heads.kind !== 'ok') throw new Error(heads.kind);
    expect(heads.hasMore).toBe(true);
    const whole = await syncRun(reader, heads.nextCursor, 2);
    expect(whole.events.map((event) => event.chat_id)).toEqual(ids);
    expect((await headsRun(reader, whole.cursor)).heads).toEqual([]);
    expect((await syncRun(reader, (await headsRun(reader, base)).cursor)).events).toEqual([]);
  });
});

describe('retention', () => {
  test('[H5] [H18] pruning takes a prefix, never what waits in the outbox; who is behind it is told', async () => {
    const { db } = store();
    const reader = user();
    const chat = await store().group('olivia', [reader]);
    const direct = await createDirect(db, { chatId: randomUUID(), userId: 'olivia', otherId: reader });
    for (const _ of many(6)) await store().send(chat.id, 'olivia');
    const first = await store().send(direct.chat.id, 'olivia', 'kept');
    const age = (chatId: string, upTo: number) =>
      store().rows("UPDATE events SET at = at - interval '31 days' WHERE chat_id = $1 AND seq <= $2 AND at > now() - interval '1 day'", [
        chatId,
        upTo,
      ]);
    const left = async (chatId: string) => (await store().events(chatId)).map((event) => event.seq);
    await age(chat.id, 4);
    expect(await pruneEvents(db, { retentionDays, limit: 1_000 })).toBe(0);
    expect(await left(chat.id)).toHaveLength(7);
    await store().rows('DELETE FROM outbox WHERE chat_id = $1 AND seq <= 3', [chat.id]);
    expect(await pruneEvents(db, { retentionDays, limit: 2 })).toBe(2);
    expect(await pruneEvents(db, { retentionDays, limit: 2 })).toBe(1);
    expect(await left(chat.id)).toEqual([4, 5, 6, 7]);
    const events = (afterSeq: number, userId = reader) => readEvents(db, { chatId: chat.id, userId, afterSeq, limit: 10 });
    expect(await events(2)).toEqual({ kind: 'pruned' });
    expect(await events(3)).toMatchObject({ kind: 'ok', events: [{ seq: 4 }, { seq: 5 }, { seq: 6 }, { seq: 7 }] });
    await addMembers(db, { chatId: chat.id, userId: 'olivia', userIds: ['late'], maxMembers: 10 });
    expect(await events(0, 'late')).toMatchObject({ kind: 'ok', events: [{ seq: 8 }] });
    await store().rows('DELETE FROM outbox');
    await age(chat.id, 100);
    await pruneEvents(db, { retentionDays, limit: 1_000 });
    expect(await left(chat.id)).toEqual([]);
    expect(await events(7)).toEqual({ kind: 'pruned' });
    expect(await events(8)).toEqual({ kind: 'ok', events: [], seq: 8, hasMore: false });
    const change = () => ({ text: 'edited', attachments: [] });
    expect(await editMessage(db, { chatId: direct.chat.id, userId: 'olivia', messageId: first.id, change })).toMatchObject({ kind: 'ok' });
  });
});
