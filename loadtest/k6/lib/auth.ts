import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import http from 'k6/http';
import { target } from './settings.ts';

/**
 * A user's token: signed here with LOAD_JWT_SECRET (HS256, with LOAD_JWT_ISSUER and LOAD_JWT_AUDIENCE where the cluster asks for
 * them), else a development token of the target.
 */
export function token(userId: string): string {
  const secret = __ENV['LOAD_JWT_SECRET'];
  return secret === undefined || secret === '' ? developmentToken(userId) : sign(userId, secret);
}

const lifetimeSeconds = 24 * 3600;
const header = encoding.b64encode('{"alg":"HS256","typ":"JWT"}', 'rawurl');

function sign(userId: string, secret: string): string {
  const exp = Math.floor(Date.now() / 1000) + lifetimeSeconds;
  const iss = __ENV['LOAD_JWT_ISSUER'];
  const aud = __ENV['LOAD_JWT_AUDIENCE'];
  const claims = encoding.b64encode(JSON.stringify({ sub: userId, exp, iss, aud }), 'rawurl');
  return `${header}.${claims}.${crypto.hmac('sha256', secret, `${header}.${claims}`, 'base64rawurl')}`;
}

function developmentToken(userId: string): string {
  const answer = http.post(`${target}/v1/dev/tokens`, JSON.stringify({ user_id: userId }), {
    headers: { 'content-type': 'application/json' },
    tags: { name: 'dev_token' },
  });
  if (answer.status !== 201) throw new Error(`no development token (${answer.status}): set LOAD_JWT_SECRET`);
  return String(answer.json('token'));
}
