import { type Client, type ClientOptions, createClient } from './client.ts';
import { FakeServer } from './testing/fake-server.ts';
import { ManualClock, settled } from './testing/manual-clock.ts';

export type World = {
  readonly server: FakeServer;
  readonly clock: ManualClock;
  readonly client: Client;
  readonly errors: unknown[];
  /** As the page's `online` and `visibilitychange` do. */
  wake(): void;
  /** Requests so far, as `GET /v1/sync`. */
  asked(part: string): number;
};

/** A client on a fake server, a manual clock and no chance: `random` is always the middle. */
export function world(options: Partial<ClientOptions> & { random?: () => number } = {}): World {
  const clock = new ManualClock();
  const server = new FakeServer({ userId: 'me', nowMs: () => clock.nowMs() });
  server.act((model) => model.createChat('c1', ['ann', 'bob']));
  let wake: () => void = () => undefined;
  const client = createClient({
    apiUrl: server.apiUrl,
    fetch: server.fetch,
    WebSocket: server.WebSocket,
    getToken: () => 'token',
    clock,
    random: () => 0.5,
    environment: (call) => {
      wake = call;
      return () => undefined;
    },
    ...options,
  });
  const errors: unknown[] = [];
  client.on('error', (error) => errors.push(error));
  const asked = (part: string) => server.requests.filter(({ method, path }) => `${method} ${path}`.includes(part)).length;
  return { server, clock, client, errors, wake: () => wake(), asked };
}

/** The same, connected, with the chat `c1` open. */
export async function liveWorld(options: Parameters<typeof world>[0] = {}): Promise<World> {
  const live = world(options);
  live.client.chat('c1').subscribe(() => undefined);
  void live.client.connect();
  await live.clock.advance(0);
  await settled();
  return live;
}

/** Time passes on a healthy connection: a heartbeat every 15 s. */
export async function pass({ clock, server }: World, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 15_000) {
    await clock.advance(Math.min(left, 15_000));
    server.heartbeat();
  }
}

/** Texts of the open chat, then those that are pending. */
export function texts(client: Client, chatId = 'c1'): (string | null | undefined)[] {
  const { messages, pending } = client.chat(chatId).getSnapshot();
  return [...messages.map((message) => message.text), ...pending.map((send) => send.content.text)];
}
