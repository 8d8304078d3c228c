import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createClient, type Message, type WebSocketConstructor } from '@carillon/client';
import type { ApiClient } from '@carillon/testkit';
import { WebSocket } from 'ws';

/** WebSockets that a test can cut as a broken network does. */
export class CuttableSockets {
  readonly #open = new Set<WebSocket>();

  get WebSocket(): WebSocketConstructor {
    const open = this.#open;
    return class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        open.add(this);
        this.on('close', () => open.delete(this));
      }
    };
  }

  cutAll(): void {
    for (const socket of this.#open) socket.terminate();
  }
}

/** A connected client for each user, with the chat open. `apiUrl` is a user's own way to the API. */
export async function openClients(
  api: ApiClient,
  users: readonly string[],
  chatId: string,
  { sockets = new CuttableSockets(), apiUrl = () => api.url }: { sockets?: CuttableSockets; apiUrl?: (user: string) => string } = {},
) {
  const all = users.map((user) => createClient({ apiUrl: apiUrl(user), getToken: () => api.token(user), WebSocket: sockets.WebSocket }));
  for (const client of all) client.chat(chatId).subscribe(() => undefined);
  await Promise.all(all.map((client) => client.connect({ signal: AbortSignal.timeout(15_000) })));
  await until(() => all.every((client) => client.chat(chatId).getSnapshot().isLoaded), 'the open chat');
  return {
    all,
    [Symbol.dispose]: () => {
      for (const client of all) client.dispose();
    },
  };
}

/** Sends at a steady pace, whatever happens to the connection. */
export async function write(client: Client, chatId: string, writer: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    client.chat(chatId).send({ text: textOf(writer, n) });
    await pause(50);
  }
}

export function textOf(writer: string, n: number): string {
  return `${writer}, message ${n}`;
}

/** At rest every view is what the API reads from Postgres, and its line in the overview, too. */
export async function untilAllEqual(
  api: ApiClient,
  clients: readonly Client[],
  chatId: string,
  userId: string,
  deadlineMs?: number,
): Promise<void> {
  await until(
    async () => {
      const stored = await allMessages(api, userId, chatId);
      return clients.every((client) => {
        const { messages, pending, status, chat } = client.chat(chatId).getSnapshot();
        const isAtRest = status === 'live' && pending.length === 0 && chat?.last_message?.id === stored.at(-1)?.id;
        return isAtRest && JSON.stringify(messages) === JSON.stringify(stored.slice(-messages.length));
      });
    },
    'views equal to Postgres',
    deadlineMs,
  );
}

export async function allMessages(api: ApiClient, userId: string, chatId: string): Promise<Message[]> {
  const messages: Message[] = [];
  for (let after = 0, hasMore = true; hasMore; ) {
    const path = `/v1/chats/${chatId}/messages?after_seq=${after}&limit=100`;
    const page = await api.expect<{ messages: Message[]; has_more_after: boolean }>(userId, 'GET', path);
    messages.push(...page.messages);
    after = page.messages.at(-1)?.seq ?? after;
    hasMore = page.has_more_after;
  }
  return messages;
}

export async function until(holds: () => boolean | Promise<boolean>, what: string, deadlineMs = 30_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`no ${what} within ${deadlineMs} ms`);
    await pause(50);
  }
}
