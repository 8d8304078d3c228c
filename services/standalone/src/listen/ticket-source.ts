import { StartError } from '@carillon/runtime';
import { z } from 'zod';

const ticketSchema = z.object({ ticket: z.string(), url: z.string(), shard_id: z.string(), expires_at: z.string() });
const tokenSchema = z.object({ token: z.string(), expires_at: z.string() });

export type Ticket = z.infer<typeof ticketSchema>;

const requestTimeoutMs = 10_000;

/**
 * A fresh ticket of the user, bought with a fresh development token each time, so that listening never ends by expiry. `avoid` is
 * the shard that could not be reached.
 */
export async function takeTicket(apiUrl: string, userId: string, avoid?: string): Promise<Ticket> {
  const { token } = tokenSchema.parse(await post(`${apiUrl}/v1/dev/tokens`, { user_id: userId }, {}));
  const wish = avoid === undefined ? {} : { avoid_shard_id: avoid };
  return ticketSchema.parse(await post(`${apiUrl}/v1/tickets`, wish, { authorization: `Bearer ${token}` }));
}

async function post(url: string, body: object, headers: Record<string, string>): Promise<unknown> {
  const signal = AbortSignal.timeout(requestTimeoutMs);
  const sent = { ...headers, 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers: sent, body: JSON.stringify(body), signal }).catch((error: unknown) => {
    throw new StartError(`the API at ${new URL(url).origin} does not answer: is npm start running there?`, { cause: error });
  });
  if (answer.ok) return answer.json();
  if (answer.status === 404) throw new StartError(`${url} answers 404: is this a Carillon API in development mode (DEV_TOKENS=true)?`);
  throw new StartError(`POST ${url} answered ${answer.status}`);
}
