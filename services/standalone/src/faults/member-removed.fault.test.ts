import type { FaultRun } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const rounds = 300;
const guest = 'guest';

test('[M5] [M6] [M7] fault 41: a member is removed and added again while messages fly: nothing outside the stays, to or from them', {
  timeout: 180_000,
}, async () => {
  await using run = await startFaultRun(inject, {
    ...{ apis: 2, shards: 2, chats: 2, perSecond: 60 },
    failpoints: { 'api-0': 'api.before_commit=sleep:5' },
  });
  const [{ chatId = '', memberIds: [owner = ''] = [] } = {}] = run.conversations;
  await run.connect(guest);
  const ownSends: Promise<unknown>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await insist(run, owner, 'POST', `/v1/chats/${chatId}/members`, { user_ids: [guest] });
    ownSends.push(run.writer.send(chatId, guest, `guest ${round}`));
    await insist(run, owner, 'DELETE', `/v1/chats/${chatId}/members/${guest}`);
    ownSends.push(run.writer.send(chatId, guest, `too late ${round}`));
  }
  await Promise.all(ownSends);
  const { truth, writes } = await run.settle({ allPushed: true });
  expect(truth.intervals.get(`${chatId} ${guest}`)).toHaveLength(rounds);
  const outcomes = writes.filter(({ senderId }) => senderId === guest).map(({ outcome }) => outcome);
  expect(new Set(outcomes)).toEqual(new Set(['ok', 'fail']));
  const foreign = await run.query(
    `SELECT g.seq FROM messages g WHERE g.sender_id = $1 AND NOT EXISTS (SELECT 1 FROM members m
     WHERE m.chat_id = g.chat_id AND m.user_id = $1 AND m.joined_seq < g.seq AND (m.left_seq IS NULL OR g.seq < m.left_seq))`,
    [guest],
  );
  expect(foreign).toEqual([]);
});

/** 503 = the chat's lock was not free in time: as the contract says, again. */
async function insist(run: FaultRun, userId: string, method: string, path: string, body?: unknown): Promise<void> {
  await run.until(async () => (await run.api.call(userId, method, path, body)).status < 300, `${method} ${path}`);
}
