import { bucketOf } from '@carillon/store';
import type { Conversation, FaultRun, Write } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const crowd = 10_000;
const messages = 1_000;
const text = 'ü'.repeat(2_000);
const membersPerRequest = 1_000;

test('[D2] [D8] [D11] [D16] fault 50: Kafka down, 1,000 messages of 4 KB to a group of 10,000: none is refused, all arrive, other chats do not wait', {
  timeout: 600_000,
}, async () => {
  await using run = await startFaultRun(inject, { apis: 2, shards: 2, own: ['kafka'], perSecond: 10 });
  const owner = 'user-0';
  const chatId = await largeGroup(run, owner);
  await run.until(async () => (await run.outboxRows()) < 20, 'announcement of the members', 120_000);

  await run.cluster.kafka.process.signal('SIGKILL');
  const sent = await sendAll(run, owner, chatId);
  expect(sent.filter(({ attempts }) => attempts.length > 1 || attempts[0]?.status !== 201)).toEqual([]);
  await run.cluster.kafka.process.start();
  await run.until(() => isMoving(run, chatId), 'first events of the backlog', 120_000);

  // The relay sends other chats' new messages before most of the large group's backlog, also that of a chat in the same bucket: they wait
  // for a turn, not for its end.
  const others = [...run.conversations, await neighbour(run, chatId)];
  const small = await Promise.all(others.map(({ chatId: id, memberIds: [sender = ''] }) => run.writer.send(id, sender, 'meanwhile')));
  await run.until(
    async () => (await Promise.all(small.map((write) => isLeft(run, write)))).every((left) => !left),
    'turn of the other chats',
  );
  expect(await rowsOf(run, chatId)).toBeGreaterThan(messages / 2);
  await run.settle({ deadlineMs: 240_000, allPushed: true });
  expect(run.cluster.deaths).toEqual([]);
});

/** 10,000 members, ten of whom are connected. */
async function largeGroup(run: FaultRun, owner: string): Promise<string> {
  const others = run.readers.map(({ userId }) => userId).filter((userId) => userId !== owner);
  const { id } = await run.api.createGroup(owner, others, 'A large group');
  for (let first = others.length + 1; first < crowd; first += membersPerRequest) {
    const count = Math.min(membersPerRequest, crowd - first);
    const userIds = [...Array(count).keys()].map((n) => `crowd-${first + n}`);
    await run.api.expect(owner, 'POST', `/v1/chats/${id}/members`, { user_ids: userIds });
  }
  return id;
}

/** A group whose rows are in the same bucket of the outbox. */
async function neighbour(run: FaultRun, chatId: string): Promise<Conversation> {
  const memberIds = ['user-1', 'user-2'];
  for (let tries = 0; tries < 500; tries += 1) {
    const { id } = await run.api.createGroup('user-1', ['user-2'], 'A neighbour');
    if (bucketOf(id) === bucketOf(chatId)) return { chatId: id, memberIds };
  }
  throw new Error('no group in that bucket');
}

/** Two at a time, as the chat's lock lets them through. */
async function sendAll(run: FaultRun, owner: string, chatId: string): Promise<Write[]> {
  const sent: Write[] = [];
  const sender = async () => {
    while (sent.length < messages) sent.push(await run.writer.send(chatId, owner, text));
  };
  await Promise.all([sender(), sender()]);
  return sent;
}

async function isMoving(run: FaultRun, chatId: string): Promise<boolean> {
  return (await rowsOf(run, chatId)) < messages;
}

async function rowsOf(run: FaultRun, chatId: string): Promise<number> {
  const [row] = await run.query<{ rows: string }>('SELECT count(*) AS rows FROM outbox WHERE chat_id = $1', [chatId]);
  return Number(row?.rows);
}

/** Still in the outbox. */
async function isLeft(run: FaultRun, { chatId, message }: Write): Promise<boolean> {
  return (await run.query('SELECT 1 FROM outbox WHERE chat_id = $1 AND seq = $2', [chatId, message?.seq])).length > 0;
}
