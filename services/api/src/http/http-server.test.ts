import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { silentLogger, systemClock } from '@carillon/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ManualClock } from '../manual-clock.fixture.ts';
import { HttpServer } from './http-server.ts';
import { userOperation } from './operation.ts';
import { chatId, echo, testApp } from './test-app.fixture.ts';

/** An answer that comes when the test says so. */
let release: () => void;
let url: string;
let clock: ManualClock;
let server: HttpServer;

beforeEach(async () => {
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hold = userOperation({
    id: 'hold',
    method: 'get',
    path: '/v1/hold',
    tag: 'chats',
    summary: 'Hold',
    answers: { 200: { description: 'Late.', content: { name: 'Late', schema: z.string() } } },
    problems: [],
    serve: async () => {
      await held;
      return { status: 200, body: 'late' };
    },
  });
  const optional = userOperation({
    id: 'optional',
    method: 'post',
    path: '/v1/optional',
    tag: 'chats',
    summary: 'Optional',
    body: { name: 'Optional', schema: z.strictObject({ a: z.number().optional() }) },
    isBodyOptional: true,
    answers: { 200: { description: 'The same.', content: { name: 'Same', schema: z.unknown() } } },
    problems: [],
    serve: async ({ body }) => ({ status: 200, body }),
  });
  clock = new ManualClock();
  const { app } = testApp([echo, hold, optional]);
  server = new HttpServer({
    app,
    host: '127.0.0.1',
    port: 0,
    drainWaitMs: 5_000,
    clock: { ...systemClock, sleep: clock.sleep.bind(clock) },
    logger: silentLogger,
  });
  url = await server.listen();
});

afterEach(async () => {
  release();
  const drained = server.drain();
  await expect.poll(() => clock.sleeping).toBeLessThanOrEqual(1);
  clock.advance(60_000);
  await drained.catch(() => undefined);
});

const get = (path: string) => fetch(`${url}${path}`, { headers: { authorization: 'Bearer good' } });

/** What the server says to these bytes, until it closes. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.once('close', () => resolve(answer));
    socket.once('error', reject);
  });
}

test('[L1] a drain serves on with Connection: close, then ends answers in flight and the port', async () => {
  const late = get('/v1/hold');
  const drained = server.drain();
  expect(server.isDraining).toBe(true);
  const during = await get('/openapi.json');
  expect([during.status, during.headers.get('connection')]).toEqual([200, 'close']);
  await expect.poll(() => clock.sleeping).toBe(1);
  clock.advance(5_000);
  await expect.poll(() => get('/openapi.json').catch(() => 'refused')).toBe('refused');
  release();
  expect(await (await late).json()).toBe('late');
  await drained;
});

test('[L1] an answer that does not come is cut off', async () => {
  const late = get('/v1/hold').then(
    () => 'answered',
    () => 'cut off',
  );
  await expect.poll(() => get('/openapi.json').then(({ status }) => status)).toBe(200);
  const drained = server.drain();
  await expect.poll(() => clock.sleeping).toBe(1);
  clock.advance(5_000);
  await drained;
  expect(await late).toBe('cut off');
});

test('[S5] a chunked body over the limit is refused before it ends', async () => {
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { authorization: 'Bearer good', 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
    const sent = request(`${url}/v1/notes/${chatId}`, { method: 'POST', headers, agent: new Agent() }, (response) => {
      response.resume();
      resolve(response.statusCode);
      sent.destroy();
    });
    sent.on('error', reject);
    sent.write(`{"text":"${'x'.repeat(70_000)}`);
  });
  expect(answer).toBe(413);
});

test('[S5] a body larger than it says, or cut short, harms nothing', async () => {
  const head = `POST /v1/notes/${chatId} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\nContent-Type: application/json\r\nConnection: close\r\n`;
  expect(await raw(`${head}Content-Length: 12\r\n\r\n{"text":"x"}{"text":"y"}`)).toMatch(/^HTTP\/1.1 400 /);
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
    socket.write(`${head}Content-Length: 1000\r\n\r\n{"text"`, () => socket.destroy()),
  );
  await new Promise((resolve) => socket.once('close', resolve));
  expect((await get('/openapi.json')).status).toBe(200);
});

test.each([
  ['no body at all', '\r\n', 200],
  ['a body of no bytes', 'Content-Length: 0\r\n\r\n', 200],
  ['a media type and no body', 'Content-Type: application/json\r\n\r\n', 200],
  ['a form of no bytes', 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n', 200],
  ['chunks that hold nothing', 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 200],
  ['a body', 'Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}', 200],
  ['a body without media type', 'Content-Length: 7\r\n\r\n{"a":1}', 415],
  ['a form', 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1', 415],
  ['a wrong body', 'Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a":"1"}', 400],
])('where a body is optional: %s', async (_, rest, status) => {
  const answer = await raw(`POST /v1/optional HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\nConnection: close\r\n${rest}`);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test('where a body is required, none is malformed', async () => {
  const answer = await raw(`POST /v1/notes/${chatId} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\nConnection: close\r\n\r\n`);
  expect(answer).toContain('malformed_json');
});

test.each([
  ['no Host', 'GET /v1/chats HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['a broken Host', 'GET /v1/chats HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n'],
  ['two lengths', 'POST /v1/chats HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  ['length and chunks', 'POST /v1/chats HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a broken target', 'GET \\evil HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ['a huge head', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['no HTTP', 'hello\r\n\r\n'],
])('[S5] %s is answered with 4xx', async (_, bytes) => {
  expect(await raw(bytes)).toMatch(/^HTTP\/1.1 4\d\d /);
});

test('[H3] a target that names no resource is a problem with its fault', async () => {
  const answer = await raw('GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(answer).toContain('content-type: application/problem+json');
  expect(answer).toContain('"errors":[{"pointer":"","detail":"The request target or the Host header is invalid"}]');
});
