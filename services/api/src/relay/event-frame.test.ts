import { type Event, eventSchema } from '@carillon/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeEventFrame } from './event-frame.ts';
import { outboxRow } from './outbox-row.fixture.ts';
import { toRecords } from './to-records.ts';
import { encodeWatermarkFrame } from './watermark-frame.ts';

const actorId = fc.stringMatching(/^[!-~]{1,128}$/).filter((userId) => userId !== '.' && userId !== '..');

const chatId = '0197f3a0-0000-7000-8000-0000000000ff';
const at = '2026-01-02T03:04:05.678Z';
const chat = {
  id: chatId,
  kind: 'group' as const,
  title: 'Glöckner «"\\»',
  avatar_url: null,
  created_by: 'ada',
  created_at: at,
  deleted_at: null,
  seq: 7,
  message_no: 3,
  member_count: 2,
};
const member = { user_id: 'bob', role: 'member' as const, joined_seq: 3, joined_at: at };

function message(text: string) {
  return {
    id: '0197f3a0-0000-7000-8000-000000000001',
    chat_id: chatId,
    seq: 7,
    message_no: 3,
    sender_id: 'ada',
    client_message_id: 'c-1',
    type: 'text' as const,
    text,
    attachments: [],
    date: at,
    edited_at: null,
    deleted_at: null,
  };
}

const frameOf = (event: Event): unknown =>
  JSON.parse(
    encodeEventFrame({
      event: event.event,
      chatId: event.chat_id,
      seq: event.seq,
      actorId: event.actor_id,
      at: event.at,
      data: JSON.stringify(event.data),
    }).toString(),
  );

const envelope = { type: 'event' as const, chat_id: chatId, seq: 7, actor_id: 'ada', at };

test.each<Event>([
  { ...envelope, event: 'message.created', data: { message: message('hello') } },
  { ...envelope, event: 'chat.created', data: { chat, members: [member] } },
  { ...envelope, event: 'chat.updated', data: { chat } },
  { ...envelope, event: 'member.updated', data: { member } },
  { ...envelope, event: 'member.removed', data: { user_id: 'bob', reason: 'left', chat } },
])('[D10] the frame of $event is the event of the schema', (event) => {
  expect(frameOf(event)).toEqual(event);
  expect(eventSchema.parse(frameOf(event))).toEqual(event);
});

test('[D10] any text and any actor survive the encoding', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), actorId, (text, actor) => {
      const event: Event = { ...envelope, actor_id: actor, event: 'message.created', data: { message: message(text) } };
      expect(frameOf(event)).toEqual(event);
    }),
  );
});

test('[D10] keys come in the order of the contract', () => {
  const keys = Object.keys(JSON.parse(encodeEventFrame(outboxRow()).toString()) as object);
  expect(keys).toEqual(['type', 'event', 'chat_id', 'seq', 'actor_id', 'at', 'data']);
});

test('[D10] every record of an event has the same bytes, and the trace context of its row', () => {
  const groups = [0, 1, 2].map((partition) => ({ partition, recipients: [`user-${partition}`], bytes: 10 }));
  const records = toRecords(outboxRow({ traceparent: '00-aa-bb-01' }), groups).map(({ record }) => record);
  expect(new Set(records.map((record) => record.value)).size).toBe(1);
  expect(records.map((record) => record.traceparent)).toEqual(['00-aa-bb-01', '00-aa-bb-01', '00-aa-bb-01']);
});

test('[D11] a watermark names chat and seq', () => {
  expect(JSON.parse(encodeWatermarkFrame({ chatId, seq: 9 }).toString())).toEqual({ type: 'watermark', chat_id: chatId, seq: 9 });
});
