import { type Client, type ClientOptions, createClient } from '@carillon/client';
import { indexedDbStorage } from '@carillon/client/storage';
import { uploadTo } from './upload-file.ts';

/**
 * The SDK's client for one user of the demo. The API is where the page came from; the token is one for development. What the
 * user sent and the server has not yet taken is in IndexedDB: a reload keeps it. `options` replaces parts, e.g. `WebSocket`.
 */
export function createUserClient(userId: string, options: Partial<ClientOptions> = {}): Client {
  const getToken = () => developmentToken(userId);
  return createClient({ apiUrl: '', userId, getToken, upload: uploadTo(getToken), storage: indexedDbStorage(), ...options });
}

/** A token as the development server gives them to everybody. */
export async function developmentToken(userId: string): Promise<string> {
  const answer = await fetch('/v1/dev/tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: userId }),
  });
  const body: unknown = await answer.json();
  if (typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string') return body.token;
  throw new Error(`no token: the server answered ${answer.status}`);
}
