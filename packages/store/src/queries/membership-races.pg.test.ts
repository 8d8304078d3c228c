import { describe, expect, test } from 'vitest';
import { useTestStore } from '../test-store.contract.ts';
import { addMembers } from './add-members.ts';
import { removeMember } from './remove-member.ts';

const store = useTestStore();
const many = (count: number) => [...Array(count).keys()];

describe('membership races', () => {
  test('[M6] a removal racing sends: nothing of the removed member is stored after it', async () => {
    for (const round of many(40)) {
      const chat = await store().group('olivia', ['bob']);
      const sends = many(6).map((n) => store().trySend(chat.id, 'bob', `${n}`));
      const removal = removeMember(store().db, { chatId: chat.id, userId: 'olivia', memberId: 'bob' });
      const late = many(6).map((n) => store().trySend(chat.id, 'bob', `late ${n}`));
      const outcomes = await Promise.all([...sends, ...late]);
      await removal;
      const events = await store().events(chat.id);
      expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
      const removedAt = events.find((event) => event.event === 'member.removed')?.seq ?? 0;
      expect(events.at(-1)?.seq, `round ${round}`).toBe(removedAt);
      const created = outcomes.filter((outcome) => outcome.kind === 'created').length;
      expect(created + outcomes.filter((outcome) => outcome.kind === 'not_found').length).toBe(12);
      expect(events).toHaveLength(created + 2);
    }
  });

  test('[M6] a send that waited for the lock behind the sender’s removal stores nothing', async () => {
    const chat = await store().group('olivia', ['bob']);
    await using blocker = await store().session();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM chats WHERE id = $1 FOR UPDATE', [chat.id]);
    const send = store().trySend(chat.id, 'bob'); // reads bob's membership, then waits
    await expect.poll(() => waiting()).toBe(1);
    await blocker.query('UPDATE members SET left_seq = 2, left_xid = pg_current_xact_id() WHERE chat_id = $1 AND user_id = $2', [
      chat.id,
      'bob',
    ]);
    await blocker.query('UPDATE chats SET seq = 2, member_version = member_version + 1 WHERE id = $1', [chat.id]);
    await blocker.query('COMMIT');
    expect(await send).toEqual({ kind: 'not_found' });
    expect(await store().events(chat.id)).toHaveLength(1);
  });

  test('[M1] twenty joins beside twenty senders: no send fails', async () => {
    const senders = many(20).map((n) => `sender-${n}`);
    const chat = await store().group('olivia', senders);
    let isJoining = true;
    const joins = (async () => {
      for (const n of many(60))
        await addMembers(store().db, { chatId: chat.id, userId: 'olivia', userIds: [`joiner-${n}`], maxMembers: 1_000 });
      isJoining = false;
    })();
    const sent = senders.map(async (sender) => {
      const outcomes: string[] = [];
      while (isJoining) outcomes.push((await store().trySend(chat.id, sender)).kind);
      return outcomes;
    });
    await joins;
    const outcomes = (await Promise.all(sent)).flat();
    expect(outcomes.length).toBeGreaterThan(60);
    expect(new Set(outcomes)).toEqual(new Set(['created']));
    const events = await store().events(chat.id);
    expect(events.map((event) => event.seq)).toEqual(many(events.length).map((n) => n + 1));
  });

  test('a hot chat, even a locked one, holds up no other chat', async () => {
    const hot = await store().group('olivia');
    const others = await Promise.all(many(100).map((n) => store().group(`owner-${n}`)));
    await using blocker = await store().session();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM chats WHERE id = $1 FOR UPDATE', [hot.id]);
    const stuck = Promise.all([store().trySend(hot.id, 'olivia'), store().trySend(hot.id, 'olivia')]); // the write gate's two
    await expect.poll(() => waiting()).toBe(2);
    const sent = await Promise.all(others.map((chat, n) => store().trySend(chat.id, `owner-${n}`)));
    expect(sent.every((outcome) => outcome.kind === 'created')).toBe(true);
    expect(await waiting()).toBe(2);
    await blocker.query('COMMIT');
    expect((await stuck).map((outcome) => outcome.kind)).toEqual(['created', 'created']);
  });
});

/** Sends that wait for a lock. */
async function waiting(): Promise<number> {
  const rows = await store().rows<{ waiting: string }>(
    `SELECT count(*) AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'store-test' AND wait_event_type = 'Lock'`,
  );
  return Number(rows[0]?.waiting);
}
