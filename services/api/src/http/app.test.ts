import { problemSchema } from '@carillon/protocol';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { userOperation } from './operation.ts';
import { chatId, echo, testApp } from './test-app.fixture.ts';

const json = { 'content-type': 'application/json' };
const good = { authorization: 'Bearer good' };
const url = `/v1/notes/${chatId}`;
const { app } = testApp([echo]);

const post = (body: NonNullable<ConstructorParameters<typeof Response>[0]>, headers: Record<string, string> = json, path = url) =>
  app.request(path, {
    method: 'POST',
    headers: { ...good, ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });

async function problemOf(response: Response | Promise<Response>) {
  const answer = await response;
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = problemSchema.parse(await answer.json());
  expect(problem).toMatchObject({
    status: answer.status,
    type: `urn:carillon:problem:${problem.code}`,
    request_id: answer.headers.get('x-request-id'),
  });
  return problem;
}

describe('the order of checks', () => {
  test.each([
    ['no token before an unknown route', '/v1/nowhere', 'GET', {}, null, 401, 'unauthenticated'],
    ['a bad token before everything', url, 'POST', { authorization: 'Bearer bad' }, 'x', 401, 'unauthenticated'],
    ['an expired token', url, 'POST', { authorization: 'Bearer old' }, 'x', 401, 'token_expired'],
    ['another scheme', url, 'POST', { authorization: 'Basic good' }, 'x', 401, 'unauthenticated'],
    ['an unknown route', '/v1/nowhere', 'PATCH', good, 'x', 404, 'not_found'],
    ['outside /v1 no token is asked for', '/nowhere', 'GET', {}, null, 404, 'not_found'],
    ['a trailing slash is another route', `${url}/`, 'POST', { ...good, ...json }, '{}', 404, 'not_found'],
    ['a method before the body', url, 'PUT', { ...good, 'content-type': 'text/plain' }, 'x', 405, 'method_not_allowed'],
    ['a method nobody knows', url, 'BREW', good, null, 405, 'method_not_allowed'],
    [
      'a media type before the size',
      url,
      'POST',
      { ...good, 'content-type': 'text/plain' },
      'x'.repeat(70_000),
      415,
      'unsupported_media_type',
    ],
    ['a size before the form', url, 'POST', { ...good, ...json }, 'x'.repeat(70_000), 413, 'payload_too_large'],
    ['a form before a malformed id', '/v1/notes/7', 'POST', { ...good, ...json }, '{', 400, 'malformed_json'],
    ['fields before a malformed id', '/v1/notes/7', 'POST', { ...good, ...json }, '{}', 400, 'validation_failed'],
    ['a malformed id', '/v1/notes/7', 'POST', { ...good, ...json }, '{"text":"x"}', 404, 'not_found'],
    ['an id with NUL', '/v1/notes/%00', 'POST', { ...good, ...json }, '{"text":"x"}', 404, 'not_found'],
    ['an id with a broken escape', '/v1/notes/%ED%A0%80', 'POST', { ...good, ...json }, '{"text":"x"}', 404, 'not_found'],
  ])('[H3] %s', async (_, path, method, headers, body, status, code) => {
    expect(await problemOf(app.request(path, { method, headers, body }))).toMatchObject({ status, code });
  });

  test('[H8] without a token all of /v1 is 401, whatever else is wrong, but for OPTIONS and /v1/dev/tokens', async () => {
    for (const [method, path, headers, body] of [
      ['GET', '/v1', {}, null],
      ['DELETE', '/v1/nowhere', {}, null],
      ['PUT', url, {}, 'x'],
      ['BREW', url, {}, null],
      ['POST', url, { 'content-type': 'text/plain' }, 'x'.repeat(70_000)],
      ['POST', `${url}?limit=x`, json, '{'],
      ['POST', '/v1/notes/7', json, '{"text":"x"}'],
    ] as const) {
      expect(await problemOf(app.request(path, { method, headers, body }))).toMatchObject({ status: 401, code: 'unauthenticated' });
    }
    expect((await app.request(url, { method: 'OPTIONS' })).status).toBe(204);
    for (const path of ['/v1/dev/tokens', '/', '/v1chats', '/v2/chats', '/docs/nothing'])
      expect(await problemOf(app.request(path, { method: 'POST' }))).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('405 says what the route knows, OPTIONS too', async () => {
    const refused = await app.request(url, { method: 'DELETE', headers: good });
    expect(refused.headers.get('allow')).toBe('POST, OPTIONS');
    const options = await app.request(url, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, OPTIONS']);
  });
});

describe('bodies', () => {
  test('a sound one passes, with its trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await post(
      '{"text":"hi"}',
      { 'content-type': 'application/json; charset=UTF-8', traceparent },
      `/v1/notes/${chatId.toUpperCase()}`,
    );
    expect(await answer.json()).toEqual({ user: 'alice', chat: chatId, limit: '50', body: { text: 'hi' }, trace: traceparent });
  });

  test.each([
    ['not JSON', '{"text"', 400, 'malformed_json'],
    ['empty', '', 400, 'malformed_json'],
    ['invalid UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400, 'malformed_json'],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0]), 400, 'malformed_json'],
    ['an array', '[]', 400, 'validation_failed'],
    ['null', 'null', 400, 'validation_failed'],
    ['text', '"x"', 400, 'validation_failed'],
    ['exactly 64 KiB', JSON.stringify({ text: 'x'.repeat(65_536 - 11) }), 200, undefined],
    ['one byte more', JSON.stringify({ text: 'x'.repeat(65_536 - 10) }), 413, 'payload_too_large'],
  ])('[S5] [H9] %s', async (_, body, status, code) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    if (code !== undefined) expect((await problemOf(answer)).code).toBe(code);
  });

  test('[S5] a long stream is read up to the limit only', async () => {
    let pulled = 0;
    const long = new ReadableStream({
      pull: (controller) => {
        pulled += 1;
        if (pulled > 500) controller.close();
        else controller.enqueue(new Uint8Array(1024).fill(0x20));
      },
    });
    expect((await problemOf(post(long))).code).toBe('payload_too_large');
    expect(pulled).toBeLessThan(80);
  });

  test('[H9] a body is required, also without any header', async () => {
    expect((await problemOf(app.request(url, { method: 'POST', headers: good }))).code).toBe('malformed_json');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'application/json; charset=latin1', 'json'])(
    '[S5] [H9] media type %s is not JSON',
    async (type) => expect((await problemOf(post('{"text":"x"}', { 'content-type': type }))).code).toBe('unsupported_media_type'),
  );
});

test('[H9] of a repeated query parameter the first counts', async () => {
  expect(await (await post('{"text":"x"}', json, `${url}?limit=7&limit=8`)).json()).toMatchObject({ limit: '7' });
  expect((await post('{"text":"x"}', json, `${url}?limit=7&limit=x`)).status).toBe(200);
});

describe('faults', () => {
  test('[H3] [H10] all of them at once, in body and query, each with its pointer', async () => {
    const body = '{"text":7,"more":1,"tags":[{"name":"a"},{"name":2,"x/y~z":3}],"__proto__":{"a":1}}';
    const problem = await problemOf(post(body, json, `${url}?limit=x`));
    expect(problem.code).toBe('validation_failed');
    expect(problem.errors?.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/__proto__',
      '/more',
      '/query/limit',
      '/tags/1/name',
      '/tags/1/x~1y~0z',
      '/text',
    ]);
  });

  test.each([
    ['NUL', '{"text":"a\\u0000"}', '/text'],
    ['a lone surrogate', '{"text":"\\ud800"}', '/text'],
    ['a prototype key', '{"text":"a","constructor":{"prototype":{}}}', '/constructor'],
    ['depth', `{"text":"a","tags":${'['.repeat(5000)}${']'.repeat(5000)}}`, '/tags/0/0/0/0/0/0/0'],
  ])('[S5] %s is refused', async (_, body, pointer) => {
    const problem = await problemOf(post(body));
    expect(problem.errors?.map((fault) => fault.pointer)).toContain(pointer);
  });

  test('[S5] [H10] thousands of faults make an answer of bounded size', async () => {
    const body = JSON.stringify(Object.fromEntries([...Array(6000).keys()].map((key) => [`k${key}`, 0])));
    expect((await problemOf(post(body))).errors).toHaveLength(1000);
  });
});

describe('around every request', () => {
  const failing = userOperation({
    id: 'fail',
    method: 'get',
    path: '/v1/fail',
    tag: 'chats',
    summary: 'Fail',
    answers: { 200: { description: 'Never.' } },
    problems: [],
    serve: async () => {
      throw new Error('secret detail');
    },
  });

  test('[H3] a bug is `internal`, told in the log and not in the answer', async () => {
    const { app, lines } = testApp([failing]);
    const answer = await app.request('/v1/fail', { headers: good });
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).not.toContain('secret detail');
    expect(lines.join('')).toContain('secret detail');
  });

  test.each([
    ['my-id.7', 'my-id.7'],
    ['', undefined],
    ['a b', undefined],
    ['x'.repeat(129), undefined],
  ])('a well-formed X-Request-Id is taken over: %j', async (given, kept) => {
    const answer = await app.request('/nowhere', { headers: { 'x-request-id': given } });
    const id = answer.headers.get('x-request-id');
    if (kept !== undefined) expect(id).toBe(kept);
    else expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a malformed traceparent is not handed on', async () => {
    const answer = await post('{"text":"x"}', { ...json, traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` });
    expect(await answer.json()).toMatchObject({ trace: null });
  });

  test('[S6] labels and lines hold patterns, not ids, queries, bodies or tokens', async () => {
    const { app, metrics, lines } = testApp([echo]);
    await app.request(`${url}?limit=1`, { method: 'POST', headers: { ...good, ...json }, body: '{"text":"private words"}' });
    await app.request('/v1/alice-was-here', { headers: good });
    await app.request(url, { method: 'SECRETMETHOD', headers: good });
    const text = await metrics.text();
    expect(text).toContain('carillon_http_request_seconds_count{route="/v1/notes/{chat_id}",method="POST",status="200"} 1');
    expect(text).toContain('route="unknown",method="GET",status="404"');
    expect(text).toContain('route="/v1/notes/{chat_id}",method="OTHER",status="405"');
    for (const secret of [chatId, 'private words', 'limit=1', 'alice-was-here', 'Bearer', 'SECRETMETHOD'])
      expect(text + lines.join('')).not.toContain(secret);
  });

  test('HEAD is a GET without a body', async () => {
    const answer = await app.request('/openapi.json', { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect((await app.request(url, { method: 'HEAD', headers: good })).status).toBe(405);
  });
});

describe('CORS', () => {
  const { app } = testApp([echo], ['https://app.example']);
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };

  test('an allowed origin may call, and reads the headers it needs', async () => {
    const answer = await app.request(url, { method: 'OPTIONS', headers: { origin: 'https://app.example', ...preflight } });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(answer.headers.get('access-control-allow-headers')).toContain('authorization');
    const refused = await app.request(url, { method: 'POST', headers: { origin: 'https://app.example' } });
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(refused.headers.get('access-control-expose-headers')).toContain('retry-after');
    expect(refused.headers.get('vary')).toContain('origin');
  });

  test.each(['https://app.example.evil', 'https://xapp.example', 'http://app.example', 'null'])(
    'another one gets nothing: %s',
    async (origin) => {
      const answer = await app.request(url, { method: 'OPTIONS', headers: { origin, ...preflight } });
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    },
  );
});

describe('the docs page', () => {
  test('is served from here alone, under a strict policy, without a token', async () => {
    const page = await app.request('/docs');
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(html).not.toMatch(/https?:|<script>/);
    const links = Array.from(html.matchAll(/(?:src|href)="([^"]+)"/g), ([, link = '']) => link);
    expect(links).toHaveLength(4);
    for (const link of links) expect((await app.request(link)).status).toBe(200);
  });

  test('openapi.json is what the operations say', async () => {
    const document = z
      .object({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })
      .parse(await (await app.request('/openapi.json')).json());
    expect([document.openapi, Object.keys(document.paths)]).toEqual(['3.1.1', ['/v1/notes/{chat_id}']]);
  });
});
