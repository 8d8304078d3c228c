import { changeView, type Replica, type ViewRules, viewOf } from './sync.ts';
import type { Event, OverviewEntry } from './wire.ts';

/** The rules of a chat's line in the overview: the chat, its last message, the user's role and read position. */
export function overviewRules(userId: string): ViewRules<OverviewEntry> {
  return { userId, apply: (entry, event) => withChanges(entry, changesBy(entry, event, userId), event.seq) };
}

/** A read position, from a signal, a head or an answer: it never moves back. */
export function offerRead(replica: Replica<OverviewEntry>, messageNo: number): Replica<OverviewEntry> {
  return changeView(replica, (entry) =>
    messageNo <= entry.read_message_no ? entry : withChanges(entry, { read_message_no: messageNo }, entry.seq),
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

function changesBy(entry: OverviewEntry, { event, data }: Event, userId: string): Partial<OverviewEntry> {
  if ('message' in data) {
    const { message } = data;
    if (event !== 'message.created') return entry.last_message?.id === message.id ? { last_message: message } : {};
    const { message_no } = message;
    const read_message_no = message.sender_id === userId ? Math.max(entry.read_message_no, message_no) : entry.read_message_no;
    return { last_message: message, message_no, read_message_no };
  }
  if ('chat' in data) return data.chat;
  return 'member' in data && data.member.user_id === userId ? { my_role: data.member.role } : {};
}

/** A read position ahead of the messages that have come reads them when they come. One copy: this is what each event costs. */
function withChanges(entry: OverviewEntry, changes: Partial<OverviewEntry>, seq: number): OverviewEntry {
  const { message_no = entry.message_no, read_message_no = entry.read_message_no } = changes;
  return { ...entry, ...changes, seq, unread_count: Math.max(0, message_no - read_message_no) };
}

function activityOf(entry: OverviewEntry): string {
  return entry.last_message?.date ?? entry.created_at;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
