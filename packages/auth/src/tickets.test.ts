import { createHmac } from 'node:crypto';
import { AppError } from '@carillon/protocol';
import type { Clock } from '@carillon/runtime';
import { systemClock } from '@carillon/runtime';
import fc from 'fast-check';
import { jwtVerify, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { Tickets } from './tickets.ts';
import { TokenVerifier } from './token-verifier.ts';

const secret = 'the-ticket-secret-has-at-least-32-bytes-too';
const nowMs = 1_800_000_000_000;
const now = nowMs / 1000;
const clock: Clock = { ...systemClock, nowMs: () => nowMs };
const at = (laterMs: number) => new Tickets(secret, { ...clock, nowMs: () => nowMs + laterMs });
const tickets = at(0);
const grant = { userId: 'alice', sessionExpiresAtMs: nowMs + 900_000, lifetimeMs: 60_000 };
const good = { session_exp: now + 900, aud: 'ws', sub: 'alice', iat: now, exp: now + 60 };

/** A compact JWS with exactly this header and payload. */
function forge(header: string, payload: object | string, signWith = secret): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(text).toString('base64url')}`;
  return `${input}.${createHmac('sha256', signWith).update(input).digest('base64url')}`;
}
const header = '{"alg":"HS256","typ":"JWT"}';
const ofOurs = (payload: object | string) => forge(header, payload);

function codeOf(ticket: string, judge = tickets): string {
  try {
    judge.verify(ticket);
    return 'accepted';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

describe('a ticket', () => {
  test('[R9] is taken as often as it is presented, until it expires', () => {
    const { ticket, expiresAtMs } = tickets.issue(grant);
    expect(expiresAtMs).toBe(nowMs + 60_000);
    for (const laterMs of [0, 0, 59_999]) expect(at(laterMs).verify(ticket)).toEqual({ userId: 'alice', expiresAtMs: nowMs + 900_000 });
    expect(codeOf(ticket, at(60_000))).toBe('token_expired');
  });

  test('[S3] ends with the session it was bought with', () => {
    const { ticket, expiresAtMs } = tickets.issue({ ...grant, sessionExpiresAtMs: nowMs + 10_000 });
    expect(expiresAtMs).toBe(nowMs + 10_000);
    expect(codeOf(ticket, at(10_000))).toBe('token_expired');
  });

  test('[S2] opens no API, and a JWT is no ticket, also where both have one secret', async () => {
    const sameSecret = new TokenVerifier({ secret, leewaySeconds: 30 }, clock);
    const otherSecret = new TokenVerifier({ secret: secret.toUpperCase(), leewaySeconds: 30 }, clock);
    const { ticket } = tickets.issue(grant);
    for (const verifier of [sameSecret, otherSecret])
      await expect(verifier.verify(ticket)).rejects.toMatchObject({ code: 'unauthenticated' });
    for (const missing of ['session_exp', 'aud', 'sub', 'exp'] as const) {
      const { [missing]: _, ...claims } = good;
      expect(codeOf(ofOurs(claims)), missing).toBe('unauthenticated');
    }
  });

  test.each<[string, string]>([
    ['alg none without signature', `${forge('{"alg":"none","typ":"JWT"}', good).split('.').slice(0, 2).join('.')}.`],
    ['alg none with signature', forge('{"alg":"none","typ":"JWT"}', good)],
    ['HS512', forge('{"alg":"HS512","typ":"JWT"}', good)],
    ['a header in another order', forge('{"typ":"JWT","alg":"HS256"}', good)],
    ['a header with a kid', forge('{"alg":"HS256","typ":"JWT","kid":"a"}', good)],
    ['an empty signature', `${ofOurs(good).split('.').slice(0, 2).join('.')}.`],
    ['no signature', ofOurs(good).split('.').slice(0, 2).join('.')],
    ['four parts', `${ofOurs(good)}.`],
    ['padding', `${ofOurs(good)}=`],
    ['another secret', forge(header, good, secret.toUpperCase())],
    ['huge', ofOurs({ ...good, pad: 'x'.repeat(4096) })],
    ['not JSON', ofOurs('alice')],
    ['not an object', ofOurs('["alice"]')],
    ['another audience', ofOurs({ ...good, aud: 'wss' })],
    ['several audiences', ofOurs({ ...good, aud: ['ws', 'other'] })],
    ['a user that is none', ofOurs({ ...good, sub: 'a b' })],
    ['a session without end', ofOurs({ ...good, session_exp: '9' })],
    ['exp of a wrong type', ofOurs({ ...good, exp: 'never' })],
    ['exp beyond numbers', ofOurs(JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e999'))],
    ['future nbf', ofOurs({ ...good, nbf: now + 1 })],
    ['expired and another audience', ofOurs({ ...good, aud: 'wss', exp: now - 1 })],
    ['expired and another secret', forge(header, { ...good, exp: now - 1 }, secret.toUpperCase())],
    ['expired and future nbf', ofOurs({ ...good, nbf: now + 1, exp: now - 1 })],
    ['empty', ''],
    ['dots', '..'],
    ['not ASCII', 'ключ.ключ.ключ'],
  ])('[S2] is refused: %s', (_, ticket) => {
    expect(codeOf(ofOurs(good))).toBe('accepted');
    expect(codeOf(ticket)).toBe('unauthenticated');
  });
});

/** Grants of any user, at any moment, whose ticket is good for a second at least: jose counts in seconds. */
const grants = fc.record({
  userId: fc
    .string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), minLength: 1, maxLength: 128 })
    .filter((userId) => userId !== '.' && userId !== '..'),
  sessionExpiresAtMs: fc.integer({ min: nowMs + 1_000, max: nowMs + 10 ** 10 }),
  lifetimeMs: fc.integer({ min: 1_000, max: 600_000 }),
});

describe('beside jose', () => {
  const key = Buffer.from(secret);

  test('[S2] the same grant gives the same bytes, and each takes what the other wrote', async () => {
    const property = fc.asyncProperty(grants, async (one) => {
      const { ticket, expiresAtMs } = tickets.issue(one);
      const ofJose = await new SignJWT({ session_exp: one.sessionExpiresAtMs / 1000 })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setAudience('ws')
        .setSubject(one.userId)
        .setIssuedAt(Math.floor(nowMs / 1000))
        .setExpirationTime(expiresAtMs / 1000)
        .sign(key);
      expect(ticket).toBe(ofJose);
      expect(tickets.verify(ofJose).userId).toBe(one.userId);
      const { payload } = await jwtVerify(ticket, key, { algorithms: ['HS256'], audience: 'ws', currentDate: new Date(nowMs) });
      expect(payload).toMatchObject({ sub: one.userId, session_exp: one.sessionExpiresAtMs / 1000 });
    });
    await fc.assert(property);
  });

  test('[S2] a ticket with any character changed, left out or added is refused', () => {
    const character = fc.oneof(
      fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    );
    const property = fc.property(grants, fc.nat(), fc.nat(1), fc.oneof(character, fc.constant('')), (one, place, removed, put) => {
      const { ticket } = tickets.issue(one);
      const index = place % ticket.length;
      const changed = ticket.slice(0, index) + put + ticket.slice(index + removed);
      fc.pre(changed !== ticket);
      expect(codeOf(changed)).toBe('unauthenticated');
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('[S2] every place of a ticket counts, and every bit of its last character', () => {
    const { ticket } = tickets.issue(grant);
    for (let index = 0; index < ticket.length; index += 1) {
      const code = ticket.charCodeAt(index);
      for (const other of [code ^ 1, code ^ 2, code ^ 4, code + 0x100]) {
        const changed = ticket.slice(0, index) + String.fromCharCode(other) + ticket.slice(index + 1);
        expect(codeOf(changed)).toBe('unauthenticated');
      }
    }
  });
});
