import type { Event, Message } from '@carillon/protocol';
import { ApiClient, SocketClient, startKafka, TestCluster } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';

const outageMs = 120_000;

test('[D2] [D3] [D11] Kafka down for two minutes, large messages to a large group waiting: sends answer 201, everything arrives in order', {
  timeout: 420_000,
}, async () => {
  const kafka = await startKafka({});
  await using _kafka = { [Symbol.asyncDispose]: () => kafka.stop() };
  const services = { databaseUrl: inject('postgresUrl'), kafkaBrokers: kafka.brokers, redisUrl: inject('redisUrl') };
  await using cluster = await TestCluster.start({ apis: 2, shards: 2, services });
  const api = new ApiClient(cluster.apis[0]?.url ?? '');
  const crowd = [...Array(1_000).keys()].map((n) => `crowd-${n}`);
  const large = await api.createGroup('reader', crowd, 'A large group');
  const small = await api.createDirect('writer', 'reader');
  await using reader = await SocketClient.open(await api.ticket('reader'));
  await api.sendText('writer', small.id, 'before', 'before the outage');
  await reader.until(() => reader.events(small.id).some((event) => event.event === 'message.created'), 'the message before the outage');

  await kafka.process.signal('SIGKILL');
  const until = Date.now() + outageMs;
  const sent: Message[] = [];
  for (let n = 0; Date.now() < until; n += 1) {
    const text = 'ü'.repeat(2_000);
    sent.push(await api.sendText('reader', large.id, `large-${n}`, text));
    sent.push(await api.sendText('writer', small.id, `small-${n}`, `during the outage ${n}`));
    await nextRound();
  }
  expect(sent.length).toBeGreaterThan(200);
  await kafka.process.start();

  for (const chat of [large, small]) {
    const expected = sent.filter((message) => message.chat_id === chat.id).map((message) => message.seq);
    const seen = () => firstCopies(reader.events(chat.id)).filter((seq) => seq >= (expected[0] ?? 0));
    await reader.until(() => seen().length >= expected.length, `${expected.length} events of ${chat.kind}`, 120_000);
    expect(seen()).toEqual(expected);
  }
  expect(cluster.deaths).toEqual([]);
});

/** About ten rounds a second: a steady load for as long as the outage lasts. */
function nextRound(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

/** The contract is at least once: a client drops what it has seen [M3]. */
function firstCopies(events: readonly Event[]): number[] {
  return [...new Set(events.map((event) => event.seq))];
}
