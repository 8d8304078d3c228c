import type { EventPage, Message, MessagePage, SyncPage } from '@carillon/client';
import type { WireLog } from './wire-log.ts';

/** The SDK's `fetch`, watched: when messages leave, and what is fetched because no push brought it. */
export function watchedFetch(log: WireLog, nowMs: () => number, doFetch: typeof fetch = (...args) => fetch(...args)): typeof fetch {
  return async (input, init) => {
    const leftAtMs = nowMs();
    const answer = await doFetch(input, init);
    const take = takerOf({ log, method: init?.method ?? 'GET', url: String(input), leftAtMs });
    // The answer itself is the SDK's: a fault in watching must not be one in it.
    if (answer.ok && take !== undefined)
      void answer
        .clone()
        .json()
        .then(take, () => undefined);
    return answer;
  };
}

type Request = { readonly log: WireLog; readonly method: string; readonly url: string; readonly leftAtMs: number };
type Take = (body: unknown) => void;

/** What an answer tells the log; undefined where that is nothing. The answers' shapes are the SDK's to doubt. */
function takerOf({ log, method, url, leftAtMs }: Request): Take | undefined {
  const [path = '', query = ''] = url.split('?');
  const [, chatId, list] = /\/v1\/chats\/([^/]+)\/(messages|events)$/.exec(path) ?? [];
  if (path.endsWith('/v1/sync')) return (body) => takeSync(log, body as SyncPage);
  if (chatId === undefined) return undefined;
  if (method === 'POST') return (body) => log.sent(chatId, (body as Message).seq, leftAtMs);
  if (list === 'events') return (body) => takeEvents(log, chatId, body as EventPage);
  // A page of history says nothing of the chat's end.
  return /(before|around)_seq=/.test(query) ? undefined : (body) => log.complete(chatId, (body as MessagePage).seq);
}

function takeSync(log: WireLog, { events }: SyncPage): void {
  for (const { chat_id, seq } of events) log.fetched(chat_id, seq);
}

function takeEvents(log: WireLog, chatId: string, { events, seq }: EventPage): void {
  for (const event of events) log.fetched(chatId, event.seq);
  log.complete(chatId, seq);
}
