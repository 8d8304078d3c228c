import { changeView, type Replica, type ViewRules, viewOf } from './sync.ts';
import type { Event, OverviewEntry } from './wire.ts';

/** The rules of a chat's line in the overview: the chat, its last message, the user's role and read position. */
export function overviewRules(userId: string): ViewRules<OverviewEntry> {
  return { userId, apply: (entry, event) => withUnread(entry, { ...changeBy(entry, event, userId), seq: event.seq }) };
}

/** A read position, from a signal, a head or an answer: it never moves back. */
export function offerRead(replica: Replica<OverviewEntry>, messageNo: number): Replica<OverviewEntry> {
  return changeView(replica, (entry) =>
    messageNo <= entry.read_message_no ? entry : withUnread(entry, { ...entry, read_message_no: messageNo }),
  );
}

/** The order of the overview: newest activity first, then by id. */
export function compareActivity(a: OverviewEntry, b: OverviewEntry): number {
  return compare(activityOf(b), activityOf(a)) || compare(b.id, a.id);
}

/** The lines that are shown: loaded, and not ended. */
export function shownEntry(replica: Replica<OverviewEntry>): OverviewEntry | undefined {
  return replica.kind === 'loaded' && replica.ended === undefined ? viewOf(replica) : undefined;
}

function changeBy(entry: OverviewEntry, { event, data }: Event, userId: string): OverviewEntry {
  if ('chat' in data) return { ...entry, ...data.chat };
  if ('member' in data) return data.member.user_id === userId ? { ...entry, my_role: data.member.role } : entry;
  if (!('message' in data)) return entry;
  const { message } = data;
  if (event !== 'message.created') return entry.last_message?.id === message.id ? { ...entry, last_message: message } : entry;
  const read_message_no = message.sender_id === userId ? Math.max(entry.read_message_no, message.message_no) : entry.read_message_no;
  return { ...entry, last_message: message, message_no: message.message_no, read_message_no };
}

/** A read position ahead of the messages that have come reads them when they come. */
function withUnread(before: OverviewEntry, entry: OverviewEntry): OverviewEntry {
  const unread_count = Math.max(0, entry.message_no - entry.read_message_no);
  return before === entry || unread_count === entry.unread_count ? entry : { ...entry, unread_count };
}

function activityOf(entry: OverviewEntry): string {
  return entry.last_message?.date ?? entry.created_at;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
