import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

test('[S6] fields that may hold a secret or a message are redacted wherever they stand', () => {
  const lines: string[] = [];
  const destination = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  const logger = createLogger({ level: 'info', pretty: false, name: 'test', destination });
  logger.info(
    { token: 'tok-1', request: { ticket: 'tok-2', headers: { authorization: 'tok-3' } }, message: { text: 'tok-4' }, chat_id: 'c1' },
    'constant message',
  );
  expect(lines.join('')).not.toContain('tok-');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ service: 'test', chat_id: 'c1', msg: 'constant message' });
});

test('[S6] of an error only its name, code, message, stack and cause are logged: drivers hang statements and values on it', () => {
  const lines: string[] = [];
  const destination = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  const logger = createLogger({ level: 'info', pretty: false, name: 'test', destination });
  const cause = Object.assign(new Error('lost'), { command: { args: ['a-secret'] } });
  const error = Object.assign(new TypeError('away', { cause }), { code: '57P01', client: { queue: [{ values: ['a-secret'] }] } });
  logger.warn({ err: error }, 'constant message');
  expect(lines.join('')).not.toContain('a-secret');
  const { err }: { err?: unknown } = JSON.parse(lines[0] ?? '');
  expect(err).toMatchObject({ type: 'TypeError', code: '57P01', message: 'away', stack: expect.any(String), cause: { message: 'lost' } });
});

test('an error that is its own cause is logged', () => {
  const lines: string[] = [];
  const destination = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  const error = new Error('circle');
  error.cause = error;
  createLogger({ level: 'info', pretty: false, name: 'test', destination }).warn({ err: error }, 'constant message');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ err: { message: 'circle' } });
});
