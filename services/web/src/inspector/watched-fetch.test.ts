import { expect, test } from 'vitest';
import { watchedFetch } from './watched-fetch.ts';
import { WireLog } from './wire-log.ts';

function setUp(answers: Readonly<Record<string, unknown>>) {
  const after = (_ms: number, call: () => void) => {
    call();
    return () => undefined;
  };
  const clock = { nowMs: () => 7, after };
  const log = new WireLog(clock);
  const answer = async (input: unknown) =>
    Response.json(answers[String(input)] ?? 'no object', { status: String(input) in answers ? 200 : 404 });
  return { log, ask: watchedFetch(log, clock.nowMs, answer as typeof fetch) };
}

test('[E5] deltas, syncs and snapshots count what had not been pushed; pages of history and refusals count nothing', async () => {
  const { log, ask } = setUp({
    '/v1/chats/c/messages?limit=50': { messages: [], seq: 3 },
    '/v1/chats/c/events?after_seq=3&limit=100': { events: [{ seq: 4 }, { seq: 5 }], seq: 6, has_more: false },
    '/v1/sync?cursor=x': {
      events: [
        { chat_id: 'c', seq: 6 },
        { chat_id: 'c', seq: 7 },
      ],
    },
    '/v1/chats/c/messages?before_seq=3&limit=50': { messages: [], seq: 99 },
    '/v1/heads?cursor=x': { heads: [] },
  });
  const expectFetched = async (path: string, fetched: number) => {
    await ask(path);
    await expect.poll(() => log.getSnapshot().counts.fetched).toBe(fetched);
  };
  await expectFetched('/v1/chats/c/messages?limit=50', 0);
  await expectFetched('/v1/chats/c/events?after_seq=3&limit=100', 3);
  await expectFetched('/v1/sync?cursor=x', 4);
  await expectFetched('/v1/chats/c/messages?before_seq=3&limit=50', 4);
  await expectFetched('/v1/heads?cursor=x', 4);
  await expectFetched('/v1/chats/gone/events?after_seq=1', 4);
});

test('[E4] when a message left is known by the answer; the SDK reads the answer itself', async () => {
  const { log, ask } = setUp({ '/v1/chats/c/messages': { chat_id: 'c', seq: 5 } });
  const answer = await ask('/v1/chats/c/messages', { method: 'POST' });
  expect(await answer.json()).toEqual({ chat_id: 'c', seq: 5 });
  await expect.poll(() => log.arrival('c', 5)).toEqual({ sentAtMs: 7 });
});
