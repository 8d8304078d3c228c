import { setTimeout as pause } from 'node:timers/promises';
import type { Message } from '@carillon/protocol';
import { ApiClient, SocketClient, type TestCluster } from '@carillon/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestCluster } from './test-cluster.ts';

type Page = { messages: Message[]; seq: number; has_more_before: boolean };

const retryAfterMs = 100;

let cluster: TestCluster;
let api: ApiClient;

beforeAll(async () => {
  cluster = await startTestCluster(inject, { apis: 1, shards: 2 });
  api = new ApiClient(cluster.apis[0]?.url ?? '');
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

test('[C2] connect, buffer, snapshot, merge: no hole and no double while 200 messages a second flow, twenty times', async () => {
  const chat = await api.createGroup('writer', ['reader']);
  await using flow = startFlow(chat.id, 200);
  for (let round = 1; round <= 20; round += 1) {
    await using client = await SocketClient.open(await api.ticket('reader'));
    const snapshot = await api.expect<Page>('reader', 'GET', `/v1/chats/${chat.id}/messages?limit=50`);
    const target = snapshot.seq + 40;
    await client.until(() => (client.events(chat.id).at(-1)?.seq ?? 0) >= target, `seq ${target} in round ${round}`);
    const shown = [
      ...snapshot.messages.map((message) => message.seq),
      ...client
        .events(chat.id)
        .map((event) => event.seq)
        .filter((seq) => seq > snapshot.seq),
    ];
    const first = shown[0] ?? 0;
    expect(shown, `round ${round}`).toEqual(shown.map((_, index) => first + index));
    expect(snapshot.messages.at(-1)?.seq, `round ${round}`).toBe(snapshot.seq);
  }
  await flow.stop();
  expect(flow.failures).toEqual([]);
});

/** Sends at a constant rate, whether or not the answers have come: the schedule is the clock's, so a slow answer delays nobody. */
function startFlow(chatId: string, perSecond: number) {
  const failures: unknown[] = [];
  const sends = new Set<Promise<void>>();
  let isStopped = false;
  const startedAt = performance.now();
  const loop = (async () => {
    for (let n = 0; !isStopped; n += 1) {
      await pause(Math.max(0, startedAt + (n * 1000) / perSecond - performance.now()));
      const send = sendUntilStored(chatId, n).then(
        () => void sends.delete(send),
        (error: unknown) => void failures.push(error),
      );
      sends.add(send);
    }
  })();
  const stop = async () => {
    isStopped = true;
    await loop;
    await Promise.all(sends);
  };
  return { failures, stop, [Symbol.asyncDispose]: stop };
}

/** As every client of the contract: 503 means that the outcome is unknown, so the same `client_message_id` is sent again [H1]. */
async function sendUntilStored(chatId: string, n: number): Promise<void> {
  const body = { client_message_id: `flow-${n}`, type: 'text', text: `text ${n}` };
  for (;;) {
    const { status } = await api.call('writer', 'POST', `/v1/chats/${chatId}/messages`, body);
    if (status === 201 || status === 200) return;
    if (status !== 503) throw new Error(`message ${n} was answered ${status}`);
    await pause(retryAfterMs);
  }
}
