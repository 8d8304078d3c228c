import { setTimeout } from 'node:timers/promises';
import { type Client, createClient } from '@carillon/client';
import { StubServer } from './stub-server.ts';

export type ClientResult = {
  /** One value for each round: the median counts. */
  readonly mergedPerSecond: readonly number[];
  readonly updateUs: readonly number[];
  readonly frameUs: readonly number[];
};

const chats = 1_000;
const open = 20;
const events = 100_000;
const updates = 20_000;
const rounds = 7;

/**
 * What the SDK costs the thread that an app draws with, through its public interface. Merging: a sync of 100,000 events of 1,000
 * chats, in random order, in pages of 100 that are parsed already; the overview is followed and read after each page, 20 chats are open.
 * Update: one pushed frame, parsed, merged and told, until the new snapshots of its open chat and of the overview's 1,000 lines
 * are there. Frame: the same of a chat that is not open.
 */
export async function benchClient(announce: (text: string) => void): Promise<ClientResult> {
  const result = { mergedPerSecond: [] as number[], updateUs: [] as number[], frameUs: [] as number[] };
  for (let round = 0; round <= rounds; round += 1) {
    const server = new StubServer(chats);
    const client = await connected(server);
    const merged = await measureMerging(server, client);
    const update = await measureUpdates(server, client, server.chatIds.slice(0, open));
    const frame = await measureUpdates(server, client, server.chatIds.slice(open));
    client.dispose();
    if (round === 0) continue;
    result.mergedPerSecond.push(merged);
    result.updateUs.push(update);
    result.frameUs.push(frame);
    announce(`round ${round}: ${Math.round(merged)} events/s, ${update.toFixed(1)} µs per update, ${frame.toFixed(1)} µs per frame`);
  }
  return result;
}

async function connected(server: StubServer): Promise<Client> {
  const client = createClient({
    ...{ apiUrl: 'http://stub', getToken: () => 'token', fetch: server.fetch, WebSocket: server.WebSocket },
    random: () => 0.99,
  });
  client.overview.subscribe(() => void client.overview.getSnapshot());
  for (const id of server.chatIds.slice(0, open)) client.chat(id).subscribe(() => void client.chat(id).getSnapshot());
  await client.connect();
  await until(() => server.chatIds.slice(0, open).every((id) => client.chat(id).getSnapshot().isLoaded), 'open chats');
  return client;
}

async function measureMerging(server: StubServer, client: Client): Promise<number> {
  server.missed = events;
  server.push('{"type":"resync","reason":"gap"}');
  const shown = () => client.overview.getSnapshot().chats.reduce((sum, { message_no }) => sum + message_no, 0);
  await until(() => shown() === events, 'merged events');
  return (1_000 * events) / server.clientMs;
}

async function measureUpdates(server: StubServer, client: Client, chatIds: readonly string[]): Promise<number> {
  const frames = Array.from({ length: updates }, (_, n) => server.message(chatIds[n % chatIds.length] ?? ''));
  let told = 0;
  const stop = client.overview.subscribe(() => {
    told += 1;
  });
  const beganAt = performance.now();
  for (const frame of frames) {
    server.push(frame);
    // Listeners are told in a microtask: one that was queued before this one.
    await undefined;
  }
  const us = (1_000 * (performance.now() - beganAt)) / updates;
  stop();
  if (told !== updates) throw new Error(`told ${told} times of ${updates} updates`);
  return us;
}

/** Looks seldom, so that looking is not measured. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`no ${what} within 60 s`);
    await setTimeout(20);
  }
}
