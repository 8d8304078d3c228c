import { createHmac } from 'node:crypto';
import { problemSchema } from '@carillon/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApiFixture, secret } from './api.fixture.ts';

let api: ApiFixture;
let chat: string;
let message: string;
let before: Record<string, number>;

beforeAll(async () => {
  api = await ApiFixture.create({ DEV_TOKENS: 'false' }, true);
  const { id } = await api.group('ann', ['bob']);
  chat = `/v1/chats/${id}`;
  message = `${chat}/messages/${(await api.send('ann', id, 'x')).id}`;
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(async () => {
  before = await api.rowCounts();
});
afterEach(async () => {
  expect(await api.rowCounts(), 'nothing is stored').toEqual(before);
});

type Refusal = { readonly status: number; readonly code: string; readonly pointers: string[] };

/** The refusal as the test compares it: always a problem. */
async function refusal(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Refusal> {
  const reply = await api.call('ann', method, path, body, headers);
  const problem = problemSchema.parse(reply.body);
  return { status: reply.status, code: problem.code, pointers: problem.errors?.map(({ pointer }) => pointer).toSorted() ?? [] };
}

/** Every route that takes a body, with one that would be stored. */
const writes = (): [string, string, object][] => [
  ['POST', '/v1/chats', { kind: 'group', title: 'x', member_ids: [] }],
  ['PATCH', chat, { title: 'y' }],
  ['POST', `${chat}/members`, { user_ids: ['cy'] }],
  ['PATCH', `${chat}/members/bob`, { role: 'admin' }],
  ['POST', `${chat}/messages`, { client_message_id: 'm', type: 'text', text: 'x' }],
  ['PATCH', message, { text: 'y' }],
  ['PUT', `${chat}/read`, { message_no: 1 }],
  ['POST', '/v1/tickets', {}],
];

describe('every route with a body refuses', () => {
  const broken: [string, (body: object) => string, Record<string, string>, string][] = [
    ['half of its JSON', (body) => JSON.stringify(body).slice(0, -1), {}, 'malformed_json'],
    ['JSON and more', (body) => `${JSON.stringify(body)}]`, {}, 'malformed_json'],
    ['a JavaScript object', () => "{kind:'group'}", {}, 'malformed_json'],
    ['NaN', () => '{"a":NaN}', {}, 'malformed_json'],
    ['an array', (body) => `[${JSON.stringify(body)}]`, {}, 'validation_failed'],
    ['a number', () => '7', {}, 'validation_failed'],
    ['null', () => 'null', {}, 'validation_failed'],
    ['an unknown field', (body) => JSON.stringify({ ...body, extra: 1 }), {}, 'validation_failed'],
    ['__proto__', (body) => `{"__proto__":{"role":"owner"},${JSON.stringify(body).slice(1)}`.replace(',}', '}'), {}, 'validation_failed'],
    ['constructor', (body) => JSON.stringify({ ...body, constructor: { prototype: { a: 1 } } }), {}, 'validation_failed'],
    [
      'deep nesting',
      (body) => JSON.stringify({ ...body, extra: JSON.parse(`${'[{"a":'.repeat(2000)}0${'}]'.repeat(2000)}`) }),
      {},
      'validation_failed',
    ],
    ['64 KiB and more', (body) => JSON.stringify(body) + ' '.repeat(65_536), {}, 'payload_too_large'],
    ['64 KiB and more by its own account', (body) => JSON.stringify(body), { 'content-length': '65537' }, 'payload_too_large'],
    ['a form', () => 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, 'unsupported_media_type'],
    ['an encoding', (body) => JSON.stringify(body), { 'content-encoding': 'gzip' }, 'unsupported_media_type'],
    ['no media type', (body) => JSON.stringify(body), { 'content-type': '' }, 'unsupported_media_type'],
  ];

  test.each(broken)('[S5] %s', async (_, make, headers, code) => {
    for (const [method, path, body] of writes()) {
      expect([path, (await refusal(method, path, make(body), headers)).code]).toEqual([path, code]);
    }
  });

  test('[H3] nothing, where a body is required', async () => {
    for (const [method, path] of writes().filter(([, path]) => path !== '/v1/tickets')) {
      expect((await refusal(method, path, '', { 'content-type': 'application/json' })).code).toBe('malformed_json');
    }
  });
});

describe('texts', () => {
  const bad: [string, string][] = [
    ['NUL', 'a\u0000b'],
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00b'],
    ['surrogates in the wrong order', '\udc00\ud800'],
  ];

  test.each(bad)('[S5] %s in any field is a fault, never a 500', async (_, text) => {
    const file = { type: 'image', file_url: 'https://files.example/1' };
    const cases: [string, string, object, string[]][] = [
      [
        'POST',
        '/v1/chats',
        { kind: 'group', title: text, client_chat_id: text, member_ids: ['bob', text] },
        ['/client_chat_id', '/member_ids/1', '/title'],
      ],
      ['PATCH', chat, { title: text }, ['/title']],
      ['POST', `${chat}/members`, { user_ids: [text] }, ['/user_ids/0']],
      ['PATCH', `${chat}/members/bob`, { role: text }, ['/role']],
      ['POST', `${chat}/messages`, { client_message_id: text, type: 'text', text }, ['/client_message_id', '/text']],
      [
        'POST',
        `${chat}/messages`,
        {
          client_message_id: 'm',
          type: 'text',
          attachments: [{ ...file, name: text, mime_type: text, file_url: `https://files.example/${text}` }],
        },
        ['/attachments/0/file_url', '/attachments/0/mime_type', '/attachments/0/name'],
      ],
      ['PATCH', message, { text }, ['/text']],
      ['POST', '/v1/tickets', { avoid_shard_id: text }, ['/avoid_shard_id']],
    ];
    for (const [method, path, body, pointers] of cases) {
      expect(await refusal(method, path, body)).toEqual({ status: 400, code: 'validation_failed', pointers });
    }
  });

  test.each(['%00', '%ED%A0%80', '%ff', 'a%20b', 'x'.repeat(129), '..%2f..', '018f3f70-0000-7000-8000-00000000000g', "1' OR '1'='1"])(
    '[S5] %s in a path is an id that does not exist',
    async (id) => {
      for (const [method, path, body] of [
        ['GET', `/v1/chats/${id}`, undefined],
        ['GET', `${chat}/messages/${id}`, undefined],
        ['DELETE', `${chat}/members/${id}`, undefined],
        ['PUT', `/v1/chats/${id}/read`, { message_no: 1 }],
      ] as const) {
        expect(await refusal(method, path, body)).toMatchObject({ status: 404, code: 'not_found' });
      }
    },
  );

  test.each([
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1.5',
    'limit=1e1',
    'limit=',
    'limit=%00',
    'limit=9999999999999999999',
    'before_seq=-1',
    'after_seq=x',
    'around_seq=%ED%A0%80',
    'before_seq=1&after_seq=1',
  ])('[S5] %s in a query is a fault', async (query) => {
    const { code, pointers } = await refusal('GET', `${chat}/messages?${query}`);
    expect([code, pointers[0]]).toEqual(['validation_failed', expect.stringMatching(/^\/query\/(limit|before_seq|after_seq|around_seq)$/)]);
  });

  test('an unknown query parameter is ignored', async () => {
    expect((await api.call('ann', 'GET', `${chat}/messages?unknown=%00`)).status).toBe(200);
  });
});

describe('numbers', () => {
  test.each([-1, 0.5, 2 ** 53, 1e308, '1', null, true])('[S5] message_no %j is a fault', async (messageNo) => {
    expect(await refusal('PUT', `${chat}/read`, { message_no: messageNo })).toEqual({
      status: 400,
      code: 'validation_failed',
      pointers: ['/message_no'],
    });
  });

  test('[S5] a thousand and one users are too many', async () => {
    const ids = Array.from({ length: 1001 }, (_, index) => `u${index}`);
    expect((await refusal('POST', `${chat}/members`, { user_ids: ids })).pointers).toEqual(['/user_ids']);
    expect((await refusal('POST', '/v1/chats', { kind: 'group', title: 'x', member_ids: ids })).pointers).toEqual(['/member_ids']);
    expect((await refusal('POST', `${chat}/members`, { user_ids: [] })).pointers).toEqual(['/user_ids']);
  });
});

describe('file_url', () => {
  test.each([
    'javascript:alert(1)',
    'JaVa\tScript:alert(1)',
    'data:text/html,<script>',
    '//evil.example/a',
    'https://a@b.example',
    'https://a:b@b.example',
    'https://0x7f.1',
    'https://2130706433',
    'https://0177.0.0.1',
    'https://127.1',
    'https://[::ffff:127.0.0.1]',
    'https://[::ffff:7f00:1]',
    'https://[::]',
    'https://[::1]',
    'https://[fc00::1]',
    'https://[fe80::1]',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1',
    'https://172.16.0.1',
    'https://192.168.0.1',
    'https://100.64.0.1',
    'https://0.0.0.0',
    'https://localhost',
    'https://LOCALHOST',
    'https://a.localhost',
    'https://printer.local',
    'https://vault.internal',
    'https://files.example.',
    'https://１２７.0.0.1',
    'https://ⓛocalhost',
    'https://files.example/%00',
    'https://files.example/a b',
    'https://files.example/\n',
    'http://files.example/a',
    'http://localhost:3000/a',
    'http://127.0.0.1/a',
    'ftp://files.example',
    'https:files.example',
    'https://',
    '',
    `https://files.example/${'x'.repeat(2048)}`,
  ])('[S4] %j is refused', async (url) => {
    const body = { client_message_id: 'm', type: 'text', attachments: [{ type: 'file', file_url: url }] };
    expect(await refusal('POST', `${chat}/messages`, body)).toEqual({
      status: 400,
      code: 'validation_failed',
      pointers: ['/attachments/0/file_url'],
    });
    expect((await refusal('PATCH', message, { attachments: body.attachments })).pointers).toEqual(['/attachments/0/file_url']);
    expect((await refusal('PATCH', chat, { avatar_url: url })).pointers).toEqual(['/avatar_url']);
  });
});

describe('credentials', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = (header: object, payload: object, key = secret) => {
    const input = `${part(header)}.${part(payload)}`;
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
  };
  const hs256 = { alg: 'HS256', typ: 'JWT' };
  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  const alice = { sub: 'ann', exp: inAnHour };

  test.each([
    ['none', undefined],
    ['an empty one', 'Bearer '],
    ['another scheme', `Basic ${sign(hs256, alice)}`],
    ['no scheme', sign(hs256, alice)],
    ['unsigned', `Bearer ${part({ alg: 'none' })}.${part(alice)}.`],
    ['the signature cut off', `Bearer ${sign(hs256, alice).replace(/[^.]+$/, '')}`],
    ['wrongly signed', `Bearer ${sign(hs256, alice, 'another key of at least 32 bytes!!')}`],
    ['another algorithm', `Bearer ${sign({ alg: 'HS512' }, alice)}`],
    ['no end', `Bearer ${sign(hs256, { sub: 'ann' })}`],
    ['no user', `Bearer ${sign(hs256, { exp: inAnHour })}`],
    ['a user with NUL', `Bearer ${sign(hs256, { sub: 'a\u0000', exp: inAnHour })}`],
    ['not yet', `Bearer ${sign(hs256, { ...alice, nbf: inAnHour })}`],
    ['its own key', `Bearer ${sign({ ...hs256, jwk: { kty: 'oct', k: 'YQ' } }, alice)}`],
    ['a ticket', `Bearer ${sign(hs256, { ...alice, aud: 'ws', session_exp: inAnHour })}`],
    ['two at once', `Bearer ${sign(hs256, alice)}, Bearer ${sign(hs256, alice)}`],
    ['junk', 'Bearer ....'],
    ['a huge one', `Bearer ${'x'.repeat(10_000)}`],
  ])('[S2] %s is `unauthenticated`', async (_, authorization) => {
    for (const [method, path, body] of writes()) {
      const reply = await api.call(null, method, path, body, authorization === undefined ? {} : { authorization });
      const challenge = /^Bearer [^ ]+$/.test(authorization ?? '') ? 'Bearer error="invalid_token"' : 'Bearer';
      expect([reply.status, reply.body, reply.headers.get('www-authenticate')]).toMatchObject([
        401,
        { code: 'unauthenticated' },
        challenge,
      ]);
    }
  });

  test('[S2] one that has only expired is `token_expired`, after 30 s of leeway', async () => {
    const at = (seconds: number) => ({
      authorization: `Bearer ${sign(hs256, { sub: 'ann', exp: Math.floor(Date.now() / 1000) - seconds })}`,
    });
    expect((await api.call(null, 'GET', chat, undefined, at(60))).body).toMatchObject({ status: 401, code: 'token_expired' });
    expect((await api.call(null, 'GET', chat, undefined, at(10))).status).toBe(200);
    const wrong = sign(hs256, { sub: 'ann', exp: 1 }, 'another key of at least 32 bytes!!');
    expect((await api.call(null, 'GET', chat, undefined, { authorization: `Bearer ${wrong}` })).body).toMatchObject({
      code: 'unauthenticated',
    });
  });

  test('[S2] issuer and audience, where configured, are required', async () => {
    await using strict = await ApiFixture.create({ AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'carillon' }, true);
    const call = async (claims: object) =>
      (await strict.call(null, 'GET', '/v1/chats', undefined, { authorization: `Bearer ${sign(hs256, { ...alice, ...claims })}` })).status;
    expect(await call({ iss: 'https://id.example', aud: 'carillon' })).toBe(200);
    expect(await call({ iss: 'https://id.example', aud: 'other' })).toBe(401);
    expect(await call({ iss: 'https://evil.example', aud: 'carillon' })).toBe(401);
    expect(await call({})).toBe(401);
  });
});
