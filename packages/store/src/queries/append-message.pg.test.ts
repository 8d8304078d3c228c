import { randomUUID } from 'node:crypto';
import { eventSchema, messageSchema } from '@carillon/protocol';
import { describe, expect, test } from 'vitest';
import { useTestStore } from '../test-store.contract.ts';

const store = useTestStore();
const many = (count: number) => [...Array(count).keys()];

describe('append message', () => {
  test('[D1] a message, its event and its outbox row are stored together', async () => {
    const chat = await store().group('olivia', ['bob']);
    const message = await store().send(chat.id, 'bob', 'hi');
    expect(messageSchema.parse(message)).toMatchObject({ seq: 2, message_no: 1, sender_id: 'bob', text: 'hi', attachments: [] });
    const events = await store().events(chat.id);
    expect(events.map((event) => eventSchema.parse(event))).toEqual(events);
    expect(events[1]).toMatchObject({ event: 'message.created', seq: 2, actor_id: 'bob', at: message.date, data: { message } });
    expect(await store().outboxSeqs(chat.id)).toEqual([1, 2]);
  });

  test('[M1] parallel writers leave a dense seq; outbox ids, dates and message numbers follow it', async () => {
    const users = many(8).map((n) => `user-${n}`);
    const chat = await store().group('olivia', users);
    await Promise.all(users.flatMap((user) => many(10).map((n) => store().trySend(chat.id, user, `${n}`))));
    const events = await store().events(chat.id);
    expect(events.map((event) => event.seq)).toEqual(many(81).map((n) => n + 1));
    expect(await store().outboxSeqs(chat.id)).toEqual(events.map((event) => event.seq));
    const messages = events.flatMap((event) => (event.event === 'message.created' ? [event.data.message] : []));
    expect(messages.map((message) => message.message_no)).toEqual(many(80).map((n) => n + 1));
    expect(messages.map((message) => message.date)).toEqual(messages.map((message) => message.date).sort());
  });

  test('[M2] what was answered before another send began has the lower seq', async () => {
    const users = many(8).map((n) => `user-${n}`);
    const chat = await store().group('olivia', users);
    let moment = 0; // rises with every begin and every answer
    const sends: { begunAt: number; answeredAt: number; seq: number }[] = [];
    const write = async (user: string) => {
      for (const _ of many(15)) {
        moment += 1;
        const begunAt = moment;
        const { seq } = await store().send(chat.id, user);
        moment += 1;
        sends.push({ begunAt, answeredAt: moment, seq });
      }
    };
    await Promise.all(users.map(write));
    const broken = sends.flatMap((a) => sends.filter((b) => a.answeredAt < b.begunAt && a.seq >= b.seq).map((b) => [a, b]));
    expect(broken).toEqual([]);
    expect(sends.some((a) => sends.some((b) => a.begunAt < b.begunAt && a.seq > b.seq))).toBe(true); // they did overlap
  });

  test('[H1] [M1] racing retries store one message, answer it to all and burn no number', async () => {
    const chat = await store().group('olivia');
    const clientMessageId = randomUUID();
    const outcomes = await Promise.all(many(10).map(() => store().trySend(chat.id, 'olivia', 'once', clientMessageId)));
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(['created', ...Array(9).fill('existing')]);
    expect(new Set(outcomes.map((outcome) => ('message' in outcome ? outcome.message.id : outcome.kind))).size).toBe(1);
    expect(await store().trySend(chat.id, 'olivia', 'other', clientMessageId)).toEqual({ kind: 'conflict' });
    expect((await store().send(chat.id, 'olivia')).seq).toBe(3);
  });

  test('[H2] an outsider and an unknown chat get the same answer', async () => {
    const chat = await store().group('olivia');
    expect(await store().trySend(chat.id, 'mallory')).toEqual({ kind: 'not_found' });
    expect(await store().trySend(randomUUID(), 'mallory')).toEqual({ kind: 'not_found' });
    expect(await store().events(chat.id)).toHaveLength(1);
  });
});
