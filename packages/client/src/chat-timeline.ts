import { placeIn } from './place.ts';
import { changeView, offerWatermark, type Replica, type ViewRules } from './sync.ts';
import type { Event, Message, MessagePage } from './wire.ts';

/**
 * The open chat: a window of messages, ascending and contiguous, that ends with the newest [C1]. It grows at its end by events
 * and at its beginning by pages of history.
 *
 * A page of history is older than the view, or newer. So what happens to older messages while it is asked for is kept, and
 * done to it when it comes: a late page undoes no update and no deletion [C11]. A page newer than the view waits for it.
 */
export type Timeline = {
  readonly messages: readonly Message[];
  readonly hasOlder: boolean;
  readonly older: OlderPage | undefined;
};

/** A page of history on its way. `changes` are the updates and deletions since `since`, at most `maxChanges`. */
type OlderPage = {
  readonly beforeSeq: number;
  readonly since: number;
  readonly changes: readonly Event[];
  readonly page: MessagePage | undefined;
};

const maxChanges = 500;

/** The window that a newest page shows. */
export function timelineOf(page: MessagePage): Timeline {
  return { messages: page.messages, hasOlder: page.has_more_before, older: undefined };
}

export function timelineRules(userId: string): ViewRules<Timeline> {
  return { userId, apply: applyToTimeline, moved: mergeWhenReached };
}

/** From now on changes are kept for the page before the window. Nothing happens where one is on its way, or none is left. */
export function askForOlder(replica: Replica<Timeline>): { replica: Replica<Timeline>; beforeSeq: number | undefined } {
  const view = replica.kind === 'loaded' && !replica.isOutdated && replica.ended === undefined ? replica.view : undefined;
  const beforeSeq = view?.messages[0]?.seq;
  if (replica.kind === 'empty' || !view?.hasOlder || view.older !== undefined || beforeSeq === undefined) {
    return { replica, beforeSeq: undefined };
  }
  const older: OlderPage = { beforeSeq, since: replica.seq, changes: [], page: undefined };
  return { replica: changeView(replica, () => ({ ...view, older })), beforeSeq };
}

/** The page came: merged now, or once the view has reached it. One that nobody waits for any more is dropped. */
export function offerOlder(replica: Replica<Timeline>, beforeSeq: number, page: MessagePage): Replica<Timeline> {
  if (replica.kind === 'empty') return replica;
  const { older } = replica.view;
  const isAwaited = older !== undefined && older.beforeSeq === beforeSeq && page.seq >= older.since && older.page === undefined;
  if (!isAwaited) return replica;
  const next = changeView(replica, (view) => mergeWhenReached({ ...view, older: { ...older, page } }, replica.seq));
  return offerWatermark(next, page.seq);
}

/** No page will come. */
export function forgetOlder(replica: Replica<Timeline>): Replica<Timeline> {
  return changeView(replica, (view) => (view.older === undefined ? view : { ...view, older: undefined }));
}

/** Events that are not about messages, and those of a newer server [P3], change nothing. */
function applyToTimeline(view: Timeline, event: Event): Timeline {
  if (!('message' in event.data)) return view;
  const { message } = event.data;
  if (event.event === 'message.created') return { ...view, messages: [...view.messages, message] };
  const messages = replaced(view.messages, message);
  return messages === view.messages ? keepChange(view, event) : { ...view, messages };
}

/** Only messages before the window can be those of the page. Too many changes, and the page is not waited for any more. */
function keepChange(view: Timeline, event: Event): Timeline {
  const { older } = view;
  if (older === undefined) return view;
  if (older.changes.length === maxChanges) return { ...view, older: undefined };
  return { ...view, older: { ...older, changes: [...older.changes, event] } };
}

function mergeWhenReached(view: Timeline, seq: number): Timeline {
  const page = view.older?.page;
  if (view.older === undefined || page === undefined || page.seq > seq) return view;
  let messages: readonly Message[] = page.messages;
  for (const event of view.older.changes) {
    if (event.seq > page.seq && 'message' in event.data) messages = replaced(messages, event.data.message);
  }
  return { messages: [...messages, ...view.messages], hasOlder: page.has_more_before, older: undefined };
}

/** With the message in the place of its older self; the same array where it is not shown. */
function replaced(messages: readonly Message[], message: Message): readonly Message[] {
  const at = placeIn(messages, ({ seq }) => seq < message.seq);
  return messages[at]?.seq === message.seq ? messages.with(at, message) : messages;
}
