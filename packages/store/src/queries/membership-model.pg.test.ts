import type { Event } from '@carillon/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { useTestStore } from '../test-store.contract.ts';
import { addMembers } from './add-members.ts';
import { deleteMessage } from './delete-message.ts';
import { markRead } from './mark-read.ts';
import { readChat } from './read-chat.ts';
import { readEvents } from './read-events.ts';
import { readMessages } from './read-messages.ts';
import { readOverview } from './read-overview.ts';
import { readSync } from './read-sync.ts';
import { removeMember } from './remove-member.ts';

const store = useTestStore();
const users = ['anna', 'bob', 'carol'];

type Step = { readonly kind: 'send' | 'add' | 'remove' | 'leave' | 'read' | 'delete'; readonly user: string };

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind']>('send', 'send', 'add', 'remove', 'leave', 'read', 'delete'),
    user: fc.constantFrom(...users),
  }),
  { minLength: 5, maxLength: 25 },
);

/** What the rules say, without SQL: which seqs each user may see, who is in, and what is read. */
class Model {
  seq = 1;
  messageNo = 0;
  readonly visible = new Map(users.map((user) => [user, new Set<number>()]));
  readonly read = new Map<string, number>();
  readonly messages = new Set<number>();

  /** Takes the next seq: the members of that moment see it. */
  tell(): number {
    this.seq += 1;
    for (const user of this.read.keys()) this.visible.get(user)?.add(this.seq);
    return this.seq;
  }
}

type Operation = (user: string, model: Model, chatId: string) => Promise<void>;

const end =
  (actorOf: (user: string) => string): Operation =>
  async (user, model, chatId) => {
    const isMember = model.read.has(user);
    const outcome = await removeMember(store().db, { chatId, userId: actorOf(user), memberId: user });
    expect(outcome.kind).toBe(isMember ? 'ok' : 'not_found');
    if (isMember) model.tell();
    model.read.delete(user);
  };

const operations: Record<Step['kind'], Operation> = {
  send: async (user, model, chatId) => {
    const outcome = await store().trySend(chatId, user);
    expect(outcome.kind).toBe(model.read.has(user) ? 'created' : 'not_found');
    if (!model.read.has(user)) return;
    model.messageNo += 1;
    model.messages.add(model.tell());
    model.read.set(user, model.messageNo);
  },
  add: async (user, model, chatId) => {
    await addMembers(store().db, { chatId, userId: 'olivia', userIds: [user], maxMembers: 10 });
    if (model.read.has(user)) return;
    model.read.set(user, model.messageNo);
    model.tell();
  },
  remove: end(() => 'olivia'),
  leave: end((user) => user),
  read: async (user, model, chatId) => {
    await markRead(store().db, { chatId, userId: user, messageNo: model.messageNo - 1 });
    const before = model.read.get(user);
    if (before !== undefined) model.read.set(user, Math.max(before, model.messageNo - 1));
  },
  delete: async (user, model, chatId) => {
    const page = await readMessages(store().db, { chatId, userId: user, limit: 1, position: { kind: 'newest' } });
    const message = page.kind === 'ok' ? page.messages[0] : undefined;
    if (message === undefined) return;
    expect(await deleteMessage(store().db, { chatId, userId: 'olivia', messageId: message.id })).toEqual({ kind: 'ok' });
    if (message.deleted_at === null) model.tell();
  },
};

async function cursorNow(userId: string): Promise<string> {
  const overview = await readOverview(store().db, { userId, limit: 1 });
  if (overview.kind !== 'ok') throw new Error(overview.kind);
  return overview.syncCursor;
}

async function allMissed(userId: string, from: string): Promise<Event[]> {
  const events: Event[] = [];
  let cursor = from;
  for (;;) {
    const page = await readSync(store().db, { userId, cursor, limit: 3, retentionDays: 30 });
    if (page.kind !== 'ok' || page.tooLong) throw new Error(page.kind);
    events.push(...page.events);
    cursor = page.nextCursor;
    if (!page.hasMore) return events;
  }
}

async function compare(model: Model, chatId: string, user: string, cursor: string): Promise<void> {
  const { db } = store();
  const visible = [...(model.visible.get(user) ?? [])];
  const missed = (await allMissed(user, cursor)).filter((event) => event.chat_id === chatId);
  expect(missed.map((event) => event.seq)).toEqual(visible);
  const entry = await readChat(db, { chatId, userId: user });
  const events = await readEvents(db, { chatId, userId: user, afterSeq: 0, limit: 100 });
  const messages = await readMessages(db, { chatId, userId: user, limit: 100, position: { kind: 'newest' } });
  if (!model.read.has(user)) {
    expect([entry, events.kind, messages.kind]).toEqual([undefined, 'not_found', 'not_found']);
    return;
  }
  const read = model.read.get(user) ?? 0;
  expect(entry).toMatchObject({ seq: model.seq, message_no: model.messageNo, read_message_no: read, unread_count: model.messageNo - read });
  expect(events.kind === 'ok' && events.events.map((event) => event.seq)).toEqual(visible);
  expect(messages.kind === 'ok' && messages.messages.map((message) => message.seq)).toEqual(
    visible.filter((seq) => model.messages.has(seq)),
  );
}

describe('membership model', () => {
  test('[M5] [M6] [M8] [H2] [H4] reads equal the rules after any mix of sends, joins, removals, reads and deletes', async () => {
    const property = fc.asyncProperty(steps, async (run) => {
      const chat = await store().group('olivia');
      const cursor = await cursorNow('anna'); // a snapshot is nobody's in particular
      const model = new Model();
      for (const step of run) await operations[step.kind](step.user, model, chat.id);
      for (const user of users) await compare(model, chat.id, user, cursor);
    });
    await fc.assert(property, { numRuns: 40, seed: 20_261 });
  });
});
