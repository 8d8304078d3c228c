import type { FaultRun, Write } from '@carillon/testkit';
import { inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const crowd = 1_000;
/** 16 KB, told by 64 records: seven rows fill a batch, so one of more rows that wait is cut. */
const text = '🔔'.repeat(4_000);
const messages = 20;

test('[D3] [M7] fault 4: the relay dies with an event sent to some of 1,000 members: its successor tells it to the same members again', async () => {
  await using run = await startFaultRun(inject, {
    ...{ apis: 2, shards: 2, hasProxies: false },
    // The pauses let rows gather, and a member leave, before the row that is cut.
    failpoints: { 'api-0': 'relay.after_send=sleep:2000; relay.mid_fanout=kill' },
  });
  const owner = 'user-0';
  const leaver = 'user-9';
  const chatId = await largeGroup(run, owner);
  await run.cluster.kill('api-1'); // so that every bucket is the other one's
  await run.until(async () => (await run.cluster.metric('api-0', 'carillon_relay_buckets_owned')) === 16, 'owner of all buckets');
  await run.until(async () => (await rowsOf(run, chatId)) === 0, 'announcement of the members');

  const sending = sendAll(run, owner, chatId);
  await run.until(async () => (await rowsOf(run, chatId)) >= messages - 1, 'backlog');
  await run.until(() => remove(run, owner, chatId, leaver), 'removal');
  await run.until(() => run.cluster.deaths.includes('api-0: signal SIGKILL'), 'death of the relay');
  const before = duplicates(run);
  await run.cluster.restart('api-1');
  await sending;
  await run.until(() => duplicates(run) > before, 'event that was sent again', 20_000);
  // Whoever left behind the row that was cut is told it too: all pushed, and nothing to anybody else.
  await run.settle({ allPushed: true });
});

async function largeGroup(run: FaultRun, owner: string): Promise<string> {
  const others = run.readers.map(({ userId }) => userId).filter((userId) => userId !== owner);
  const { id } = await run.api.createGroup(owner, others, 'A large group');
  const userIds = [...Array(crowd - others.length - 1).keys()].map((n) => `crowd-${n}`);
  await run.api.expect(owner, 'POST', `/v1/chats/${id}/members`, { user_ids: userIds });
  return id;
}

function sendAll(run: FaultRun, owner: string, chatId: string): Promise<Write[]> {
  return Promise.all([...Array(messages).keys()].map(() => run.writer.send(chatId, owner, text)));
}

/** True once it is known to have happened. */
async function remove(run: FaultRun, owner: string, chatId: string, userId: string): Promise<boolean> {
  const answer = await run.api.call(owner, 'DELETE', `/v1/chats/${chatId}/members/${userId}`).catch(() => undefined);
  return answer?.status === 204 || answer?.status === 404;
}

async function rowsOf(run: FaultRun, chatId: string): Promise<number> {
  const [row] = await run.query<{ rows: string }>('SELECT count(*) AS rows FROM outbox WHERE chat_id = $1', [chatId]);
  return Number(row?.rows);
}

function duplicates(run: FaultRun): number {
  return run.readers.reduce((sum, { record }) => sum + record.duplicates, 0);
}
