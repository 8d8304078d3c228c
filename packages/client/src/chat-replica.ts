import { askForOlder, forgetOlder, offerOlder, type Timeline, timelineOf, timelineRules } from './chat-timeline.ts';
import { type MemberList, memberRules, memberSnapshot } from './member-list.ts';
import { offerRead, overviewRules } from './overview.ts';
import {
  type Delta,
  emptyReplica,
  endReplica,
  needOf,
  offerDelta,
  offerEvent,
  offerSnapshot,
  offerWatermark,
  outdate,
  type Replica,
  targetOf,
  type ViewRules,
} from './sync.ts';
import type { Event, MemberPage, Message, MessagePage, OverviewEntry } from './wire.ts';

/**
 * All that is known of one chat: its line in the overview always, its timeline and member list while they are open. Each is a
 * replica of its own, complete up to its own `seq`, because each has its own snapshot; all are told the same. Pure.
 */
export type ChatReplica = {
  readonly entry: Replica<OverviewEntry>;
  readonly timeline: Replica<Timeline> | undefined;
  readonly members: Replica<MemberList> | undefined;
  /** The highest read position that was told: it is no event, never moves back, and may be known before the line is. */
  readonly readMessageNo: number;
};

export type ChatRules = {
  readonly entry: ViewRules<OverviewEntry>;
  readonly timeline: ViewRules<Timeline>;
  readonly members: ViewRules<MemberList>;
};

/** What to ask the server for, one thing at a time. `target` goes back with the answer. */
export type ChatNeed =
  | { readonly kind: 'entry' | 'timeline' | 'members'; readonly target: number }
  | { readonly kind: 'delta'; readonly after: number; readonly target: number };

const nothingShown = { messages: [], seq: 0 };

export const emptyChat: ChatReplica = { entry: emptyReplica, timeline: undefined, members: undefined, readMessageNo: 0 };

export function chatRules(userId: string): ChatRules {
  return { entry: overviewRules(userId), timeline: timelineRules(userId), members: memberRules(userId) };
}

/** From now on the view is followed. It begins empty, but wants all that was told while it was closed: a late snapshot may not have it. */
export function openView(chat: ChatReplica, view: 'timeline' | 'members'): ChatReplica {
  if (chat[view] !== undefined) return chat;
  const told = Math.max(targetOfChat(chat), chat.entry.kind === 'loaded' ? chat.entry.seq : 0);
  return { ...chat, [view]: offerWatermark(emptyReplica, told) };
}

export function closeView(chat: ChatReplica, view: 'timeline' | 'members'): ChatReplica {
  return chat[view] === undefined ? chat : { ...chat, [view]: undefined };
}

export function offerEventToChat(rules: ChatRules, chat: ChatReplica, event: Event): ChatReplica {
  return byRules(rules, chat, (own, replica) => offerEvent(own, replica, event));
}

export function offerDeltaToChat(rules: ChatRules, chat: ChatReplica, delta: Delta): ChatReplica {
  return byRules(rules, chat, (own, replica) => offerDelta(own, replica, delta));
}

/** A watermark or a head. */
export function offerWatermarkToChat(chat: ChatReplica, seq: number): ChatReplica {
  return everyView(chat, (replica) => offerWatermark(replica, seq));
}

/** The chat as `GET /v1/chats/{chat_id}` or a page of the overview has it. */
export function offerEntry(rules: ChatRules, chat: ChatReplica, entry: OverviewEntry): ChatReplica {
  return change(chat, {
    ...chat,
    entry: offerRead(offerSnapshot(rules.entry, chat.entry, { view: entry, seq: entry.seq }), chat.readMessageNo),
  });
}

export function offerNewest(rules: ChatRules, chat: ChatReplica, page: MessagePage): ChatReplica {
  if (chat.timeline === undefined) return chat;
  return change(chat, { ...chat, timeline: offerSnapshot(rules.timeline, chat.timeline, { view: timelineOf(page), seq: page.seq }) });
}

export function offerMembers(rules: ChatRules, chat: ChatReplica, pages: readonly MemberPage[]): ChatReplica {
  if (chat.members === undefined) return chat;
  return change(chat, { ...chat, members: offerSnapshot(rules.members, chat.members, memberSnapshot(pages)) });
}

export function offerReadToChat(chat: ChatReplica, messageNo: number): ChatReplica {
  const readMessageNo = Math.max(messageNo, chat.readMessageNo);
  return change(chat, { ...chat, entry: offerRead(chat.entry, messageNo), readMessageNo });
}

export function askForOlderOf(chat: ChatReplica): { chat: ChatReplica; beforeSeq: number | undefined } {
  if (chat.timeline === undefined) return { chat, beforeSeq: undefined };
  const { replica, beforeSeq } = askForOlder(chat.timeline);
  return { chat: change(chat, { ...chat, timeline: replica }), beforeSeq };
}

/** The page of history, or undefined: it will not come. */
export function offerOlderTo(chat: ChatReplica, beforeSeq: number, page: MessagePage | undefined): ChatReplica {
  if (chat.timeline === undefined) return chat;
  return change(chat, { ...chat, timeline: page === undefined ? forgetOlder(chat.timeline) : offerOlder(chat.timeline, beforeSeq, page) });
}

/**
 * The server knows no such chat for this user [C9]. What became known after `target` was asked for is newer than the answer: then
 * nothing changes, and the need stays.
 */
export function endChat(chat: ChatReplica, target: number): ChatReplica {
  return targetOfChat(chat) > target ? chat : everyView(chat, (replica) => endReplica(replica, target));
}

/** The history behind the views is lost, and with it what was known of the read position. */
export function outdateChat(chat: ChatReplica): ChatReplica {
  return change(chat, { ...everyView(chat, outdate), readMessageNo: 0 });
}

/** The most urgent need: what is on the screen before what is in a list, snapshots before deltas. */
export function needOfChat(chat: ChatReplica): ChatNeed | undefined {
  const target = targetOfChat(chat);
  let after = Number.POSITIVE_INFINITY;
  for (const view of ['timeline', 'members', 'entry'] as const) {
    const replica = chat[view];
    const need = replica === undefined ? undefined : needOf<unknown>(replica);
    if (need?.kind === 'snapshot') return { kind: view, target };
    if (need?.kind === 'delta') after = Math.min(after, need.after);
  }
  return after === Number.POSITIVE_INFINITY ? undefined : { kind: 'delta', after, target };
}

/** What decides whether a pending send is shown by now: the open timeline, else the line in the overview. */
export function shownOf({ entry, timeline }: ChatReplica): { readonly messages: readonly Message[]; readonly seq: number } {
  const replica = timeline ?? entry;
  if (replica.kind === 'empty') return nothingShown;
  return { messages: timeline?.kind === 'loaded' ? timeline.view.messages : [], seq: replica.seq };
}

/** True once every view contains the events up to `seq`, or lacks nothing: the chat is gone. */
export function hasReached({ entry, timeline, members }: ChatReplica, seq: number): boolean {
  return [entry, timeline, members].every((replica) => replica === undefined || isComplete(replica, seq));
}

function isComplete(replica: Replica<unknown>, seq: number): boolean {
  if (needOf(replica).kind === 'nothing') return true;
  return replica.kind === 'loaded' && !replica.isOutdated && replica.seq >= seq;
}

function targetOfChat({ entry, timeline, members }: ChatReplica): number {
  return Math.max(targetOf(entry), timeline ? targetOf(timeline) : 0, members ? targetOf(members) : 0);
}

function everyView(chat: ChatReplica, turn: <V>(replica: Replica<V>) => Replica<V>): ChatReplica {
  return change(chat, {
    entry: turn(chat.entry),
    timeline: chat.timeline && turn(chat.timeline),
    members: chat.members && turn(chat.members),
    readMessageNo: chat.readMessageNo,
  });
}

function byRules(rules: ChatRules, chat: ChatReplica, turn: <V>(rules: ViewRules<V>, replica: Replica<V>) => Replica<V>): ChatReplica {
  return change(chat, {
    entry: turn(rules.entry, chat.entry),
    timeline: chat.timeline && turn(rules.timeline, chat.timeline),
    members: chat.members && turn(rules.members, chat.members),
    readMessageNo: chat.readMessageNo,
  });
}

/** Structural sharing: without a change the same object. */
function change(chat: ChatReplica, next: ChatReplica): ChatReplica {
  const isSame = next.entry === chat.entry && next.timeline === chat.timeline && next.members === chat.members;
  return isSame && next.readMessageNo === chat.readMessageNo ? chat : next;
}
