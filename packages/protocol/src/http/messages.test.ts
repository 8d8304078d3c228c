import { describe, expect, test } from 'vitest';
import { editMessageSchema, messagesQuerySchema, sendMessageSchema } from './messages.ts';

const schema = sendMessageSchema({ allowLoopbackHttp: false });
const file = (type: string, more = {}) => ({ type, file_url: 'https://files.example/1', ...more });
const message = (type: string, more: object = {}) => ({ client_message_id: 'm1', type, ...more });
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
const pointers = (value: unknown) => schema.safeParse(value).error?.issues.map(({ path }) => path.join('/')) ?? [];

describe('a message', () => {
  test.each([
    ['text', message('text', { text: 'x' })],
    ['4,000 code points, each of two UTF-16 units', message('text', { text: '🔔'.repeat(4000) })],
    ['text null with a picture', message('text', { text: null, attachments: [file('image')] })],
    ['text with ten files', message('text', { text: 'x', attachments: times(10, file('file')) })],
    ['voice', message('voice', { attachments: [file('voice', { duration_ms: 1200 })] })],
    ['circle video', message('circle_video', { attachments: [file('circle_video')] })],
    ['sticker', message('sticker', { attachments: [file('sticker')] })],
  ])('is accepted: %s', (_, value) => expect(pointers(value)).toEqual([]));

  test.each([
    ['nothing at all', message('text'), ['text']],
    ['empty text', message('text', { text: '' }), ['text']],
    ['4,001 code points', message('text', { text: 'x'.repeat(4001) }), ['text']],
    ['voice in text', message('text', { text: 'x', attachments: [file('image'), file('voice')] }), ['attachments/1/type']],
    ['eleven files', message('text', { attachments: times(11, file('file')) }), ['attachments']],
    ['text in voice', message('voice', { text: 'x', attachments: [file('voice')] }), ['text']],
    ['voice without one', message('voice'), ['attachments']],
    ['two stickers', message('sticker', { attachments: times(2, file('sticker')) }), ['attachments']],
    ['an image as sticker', message('sticker', { attachments: [file('image')] }), ['attachments/0/type']],
    ['a type nobody knows', message('poll', { text: 'x' }), ['type']],
    [
      'all faults of single fields and of the whole',
      { type: 'voice', text: 'x', attachments: [] },
      ['client_message_id', 'text', 'attachments'],
    ],
    ['a negative size', message('voice', { attachments: [file('voice', { size_bytes: -1 })] }), ['attachments/0/size_bytes']],
    ['a size beyond numbers', message('voice', { attachments: [file('voice', { size_bytes: 2 ** 53 })] }), ['attachments/0/size_bytes']],
    ['half a pixel', message('text', { attachments: [file('image', { width: 0.5 })] }), ['attachments/0/width']],
    ['text that is none', message('text', { text: 7 }), ['text']],
    ['an id with a space', { ...message('text', { text: 'x' }), client_message_id: 'a b' }, ['client_message_id']],
    ['an id of 129 characters', { ...message('text', { text: 'x' }), client_message_id: 'x'.repeat(129) }, ['client_message_id']],
    ['nothing', null, ['']],
    ['a list', [], ['']],
    ['a number', 7, ['']],
    ['an unknown field', message('text', { text: 'x', sender_id: 'eve' }), ['']],
  ])('is refused: %s', (_, value, expected) => expect(pointers(value)).toEqual(expected));

  test('[S4] file_url is stored as the URL parser writes it', () => {
    const parsed = schema.parse(message('sticker', { attachments: [file('sticker', { file_url: 'HTTPS://Files.Example:443/a/../b' })] }));
    expect(parsed.attachments?.[0]?.file_url).toBe('https://files.example/b');
  });
});

test('an edit has at least one field', () => {
  const edit = editMessageSchema({ allowLoopbackHttp: false });
  expect(edit.safeParse({}).success).toBe(false);
  expect(edit.safeParse({ text: null }).data).toEqual({ text: null });
  expect(edit.safeParse({ attachments: [] }).data).toEqual({ attachments: [] });
});

test.each([
  [{}, { limit: 50 }],
  [
    { before_seq: '7', limit: '100' },
    { before_seq: 7, limit: 100 },
  ],
  [{ after_seq: '1', around_seq: '2' }, undefined],
  [{ limit: '0' }, undefined],
  [{ limit: '101' }, undefined],
  [{ limit: '1e1' }, undefined],
  [{ limit: '' }, undefined],
  [{ after_seq: '-1' }, undefined],
  [{ after_seq: '9007199254740993' }, undefined],
  [{ ignored: 'x' }, { limit: 50 }],
])('a query is read strictly: %j', (query, expected) => {
  expect(messagesQuerySchema.safeParse(query).data).toEqual(expected);
});
