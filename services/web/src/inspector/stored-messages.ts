import type { MessagePage } from '@carillon/client';
import { developmentToken } from '../session/user-client.ts';

const tokens = new Map<string, Promise<string>>();

/** What Postgres holds of a chat's end, asked past the SDK: what is compared must not pass through what is judged. */
export async function readStored(userId: string, chatId: string): Promise<MessagePage> {
  const token = tokens.get(userId) ?? developmentToken(userId);
  tokens.set(userId, token);
  token.catch(() => tokens.delete(userId));
  const answer = await fetch(`/v1/chats/${encodeURIComponent(chatId)}/messages?limit=50`, {
    headers: { authorization: `Bearer ${await token}` },
  });
  if (answer.status === 401) tokens.delete(userId);
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}
