import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '@carillon/protocol';
import type { Clock } from '@carillon/runtime';
import { systemClock } from '@carillon/runtime';
import { exportJWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DevTokens } from './dev-tokens.ts';
import { Tickets } from './tickets.ts';
import { TokenVerifier } from './token-verifier.ts';

const secret = 'a-secret-that-has-at-least-32-bytes-in-it';
const nowMs = 1_800_000_000_000;
const now = nowMs / 1000;
const clock: Clock = { ...systemClock, nowMs: () => nowMs };
const verifier = new TokenVerifier({ secret, leewaySeconds: 30 }, clock);

const base64 = (value: string) => Buffer.from(value).toString('base64url');
/** A token with exactly this header and payload, signed with HS256 unless a signature is given. */
const forge = (header: string, payload: object | string, signWith = secret) => {
  const input = `${base64(header)}.${base64(typeof payload === 'string' ? payload : JSON.stringify(payload))}`;
  return `${input}.${createHmac('sha256', signWith).update(input).digest('base64url')}`;
};
const hs256 = '{"alg":"HS256"}';
const good = { sub: 'alice', exp: now + 60 };
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

describe('a JWT', () => {
  test('is accepted with its user and end', async () => {
    expect(await verifier.verify(forge(hs256, good))).toEqual({ userId: 'alice', expiresAtMs: nowMs + 60_000 });
  });

  test('[S2] a token that was good a moment ago is refused once it ends, and never vouches for another one', async () => {
    let laterMs = 0;
    const remembering = new TokenVerifier({ secret, leewaySeconds: 30 }, { ...clock, nowMs: () => nowMs + laterMs });
    const token = forge(hs256, good);
    const verdicts: string[] = [];
    for (laterMs of [0, 59_000, 89_999, 90_000]) verdicts.push(await codeOf(remembering.verify(token)));
    expect(verdicts).toEqual(['accepted', 'accepted', 'accepted', 'token_expired']);
    laterMs = 0;
    expect(await codeOf(remembering.verify(`${token.slice(0, -2)}AA`))).toBe('unauthenticated');
  });

  test.each<[string, string]>([
    ['alg none without signature', `${base64('{"alg":"none"}')}.${base64(JSON.stringify(good))}.`],
    ['alg none with signature', forge('{"alg":"none"}', good)],
    ['wrong secret', forge(hs256, good, 'another-secret-that-has-at-least-32-bytes')],
    ['no signature', forge(hs256, good).split('.').slice(0, 2).join('.')],
    ['HS512', forge('{"alg":"HS512"}', good)],
    ['future nbf', forge(hs256, { ...good, nbf: now + 31 })],
    ['nbf of a wrong type', forge(hs256, { ...good, nbf: 'now' })],
    ['no exp', forge(hs256, { sub: 'alice' })],
    ['exp of a wrong type', forge(hs256, { ...good, exp: 'never' })],
    ['no sub', forge(hs256, { exp: now + 60 })],
    ['sub of a wrong type', forge(hs256, { ...good, sub: 7 })],
    ['sub with a space', forge(hs256, { ...good, sub: 'a b' })],
    ['sub that no URL can name', forge(hs256, { ...good, sub: '..' })],
    ['sub with NUL', forge(hs256, { ...good, sub: 'a\0' })],
    ['sub of 129 characters', forge(hs256, { ...good, sub: 'a'.repeat(129) })],
    ['expired and no user', forge(hs256, { sub: 'a b', exp: now - 60 })],
    ['expired and wrong secret', forge(hs256, { ...good, exp: now - 60 }, 'another-secret-that-has-at-least-32-bytes')],
    ['expired and future nbf', forge(hs256, { ...good, exp: now - 60, nbf: now + 60 })],
    ['jku', forge('{"alg":"HS256","jku":"https://evil.example/keys"}', good)],
    ['x5u', forge('{"alg":"HS256","x5u":"https://evil.example/cert"}', good)],
    ['jwk', forge('{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}', good)],
    ['crit', forge('{"alg":"HS256","crit":["exp"],"exp":1}', good)],
    ['duplicate header', forge('{"alg":"none","alg":"HS256"}', good)],
    ['duplicate header, escaped', forge('{"alg":"HS256","kid":"a","\\u006bid":"b"}', good)],
    ['broken escape in the header', forge('{"alg":"HS256","\\u00":"b"}', good)],
    ['huge', forge(hs256, { ...good, pad: 'x'.repeat(4096) })],
    ['payload not an object', forge(hs256, '["alice"]')],
    ['payload not JSON', forge(hs256, 'alice')],
    ['empty', ''],
    ['dots', '..'],
    ['five parts', 'a.b.c.d.e'],
    ['NUL', '\0'],
    ['not ASCII', 'ключ.ключ.ключ'],
  ])('[S2] is refused: %s', async (_, token) => {
    expect(await codeOf(verifier.verify(token))).toBe('unauthenticated');
  });

  test('[S2] is refused wherever it is cut off', async () => {
    const token = forge(hs256, good);
    for (let length = 0; length < token.length; length += 1) {
      expect(await codeOf(verifier.verify(token.slice(0, length)))).toBe('unauthenticated');
    }
  });

  test.each(['../../../../dev/null', '/etc/passwd', "' OR 1=1 --", '__proto__'])(
    '[S2] is judged by the same key whatever kid says: %s',
    async (kid) => {
      const header = JSON.stringify({ alg: 'HS256', kid });
      expect(await codeOf(verifier.verify(forge(header, good)))).toBe('accepted');
      expect(await codeOf(verifier.verify(forge(header, good, '')))).toBe('unauthenticated');
    },
  );

  test('[S2] is expired after the leeway, and only then', async () => {
    expect(await codeOf(verifier.verify(forge(hs256, { ...good, exp: now - 29 })))).toBe('accepted');
    expect(await codeOf(verifier.verify(forge(hs256, { ...good, exp: now - 30 })))).toBe('token_expired');
  });

  test('[S2] needs the configured issuer and audience', async () => {
    const strict = new TokenVerifier({ secret, issuer: 'https://id.example', audience: 'chat', leewaySeconds: 30 }, clock);
    const claims = { ...good, iss: 'https://id.example', aud: ['other', 'chat'] };
    expect(await codeOf(strict.verify(forge(hs256, claims)))).toBe('accepted');
    expect(await codeOf(strict.verify(forge(hs256, { ...claims, iss: 'https://evil.example' })))).toBe('unauthenticated');
    expect(await codeOf(strict.verify(forge(hs256, { ...claims, aud: 'other' })))).toBe('unauthenticated');
    expect(await codeOf(strict.verify(forge(hs256, good)))).toBe('unauthenticated');
    expect(await codeOf(strict.verify(forge(hs256, { ...claims, aud: 'other', exp: now - 60 })))).toBe('unauthenticated');
  });

  test('with an end beyond all calendars still has an end that can be written', async () => {
    const { expiresAtMs } = await verifier.verify(forge(hs256, '{"sub":"alice","exp":1e300}'));
    expect(new Date(expiresAtMs).toISOString()).toBe('9999-12-31T23:59:59.999Z');
  });
});

describe('a JWT verified by a JWKS', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed25519 = generateKeyPairSync('ed25519');
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const keys = [
      { ...(await exportJWK(rsa.publicKey)), kid: 'rsa' },
      { ...(await exportJWK(ed25519.publicKey)), kid: 'ed', alg: 'EdDSA' },
    ];
    server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const sign = (key: Parameters<SignJWT['sign']>[0], header: JWTHeaderParameters) => new SignJWT(good).setProtectedHeader(header).sign(key);
  const jwks = () => new TokenVerifier({ jwksUrl: url, leewaySeconds: 30 }, clock);

  test('[S2] is accepted with each asymmetric algorithm of its key', async () => {
    const verify = jwks();
    expect(await codeOf(verify.verify(await sign(rsa.privateKey, { alg: 'RS256', kid: 'rsa' })))).toBe('accepted');
    expect(await codeOf(verify.verify(await sign(ed25519.privateKey, { alg: 'EdDSA', kid: 'ed' })))).toBe('accepted');
  });

  test('[S2] is refused as HS256 by the public key, by a strange key, and with an unknown kid', async () => {
    const verify = jwks();
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await codeOf(verify.verify(forge('{"alg":"HS256","kid":"rsa"}', good, pem)))).toBe('unauthenticated');
    expect(await codeOf(verify.verify(await sign(ed25519.privateKey, { alg: 'EdDSA', kid: '../../dev/null' })))).toBe('unauthenticated');
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await codeOf(verify.verify(await sign(stranger.privateKey, { alg: 'RS256', kid: 'rsa' })))).toBe('unauthenticated');
  });

  test('answers unavailable, not unauthenticated, while the keys cannot be fetched', async () => {
    const away = new TokenVerifier({ jwksUrl: 'http://127.0.0.1:1/jwks.json', leewaySeconds: 30 }, clock);
    expect(await codeOf(away.verify(await sign(rsa.privateKey, { alg: 'RS256', kid: 'rsa' })))).toBe('unavailable');
  });
});

describe('a dev token', () => {
  test('is a JWT that the verifier of the same options takes', async () => {
    const options = { secret, issuer: 'dev', audience: 'chat' };
    const { token, expiresAtMs } = await new DevTokens(options, clock).issue('bob', 120);
    expect(expiresAtMs).toBe(nowMs + 120_000);
    expect(await new TokenVerifier({ ...options, leewaySeconds: 0 }, clock).verify(token)).toEqual({ userId: 'bob', expiresAtMs });
    expect(await codeOf(new TokenVerifier({ ...options, audience: 'other', leewaySeconds: 0 }, clock).verify(token))).toBe(
      'unauthenticated',
    );
  });
});

describe('a secret that is being changed', () => {
  const [old, next] = ['the old secret, of 32 bytes or more', 'the next secret, of 32 bytes or more'];
  const grant = { userId: 'alice', sessionExpiresAtMs: nowMs + 60_000, lifetimeMs: 60_000 };

  test.each([
    ['before the change', old, next],
    ['after it', next, old],
  ])('[S8] takes tickets of both keys, %s, and signs with the first', (_, secretNow, alternate) => {
    const changing = new Tickets(secretNow, clock, alternate);
    for (const key of [old, next]) {
      const { ticket } = new Tickets(key, clock).issue(grant);
      expect(changing.verify(ticket)).toMatchObject({ userId: 'alice' });
    }
    const { ticket } = changing.issue(grant);
    expect(new Tickets(secretNow, clock).verify(ticket)).toMatchObject({ userId: 'alice' });
    const strange = new Tickets('a secret of nobody, 32 bytes or more', clock).issue(grant);
    expect(() => changing.verify(strange.ticket)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });

  test('[S8] takes tokens of both keys; one that has ended is expired, whichever key it has', async () => {
    const changing = new TokenVerifier({ secret: next, alternateSecret: old, leewaySeconds: 0 }, clock);
    for (const key of [old, next]) {
      expect(await changing.verify(forge(hs256, good, key))).toMatchObject({ userId: 'alice' });
      expect(await codeOf(changing.verify(forge(hs256, { sub: 'alice', exp: now - 1 }, key)))).toBe('token_expired');
    }
    expect(await codeOf(changing.verify(forge(hs256, good, 'a secret of nobody')))).toBe('unauthenticated');
  });
});
