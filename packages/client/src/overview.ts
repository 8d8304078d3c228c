import { changeView, type Replica, type ViewRules, viewOf } from './sync.ts';
import type { Event, OverviewEntry } from './wire.ts';

/** The rules of a chat's line in the overview: the chat, its last message, the user's role and read position. */
export function overviewRules(userId: string): ViewRules<OverviewEntry> {
  return { userId, apply: (entry, event) => changed({ ...entry }, event, userId) };
}

/** A read position, from a signal, a head or an answer: it never moves back. */
export function offerRead(replica: Replica<OverviewEntry>, messageNo: number): Replica<OverviewEntry> {
  return changeView(replica, (entry) => (messageNo <= entry.read_message_no ? entry : counted({ ...entry, read_message_no: messageNo })));
}

/** The order of the overview: newest activity first, then by id. */
export function compareActivity(a: OverviewEntry, b: OverviewEntry): number {
  return compare(activityOf(b), activityOf(a)) || compare(b.id, a.id);
}

/** The lines that are shown: loaded, and not ended. */
export function shownEntry(replica: Replica<OverviewEntry>): OverviewEntry | undefined {
  return replica.kind === 'loaded' && replica.ended === undefined ? viewOf(replica) : undefined;
}

/** Changes the copy that it is given: one copy is what each event costs. */
function changed(copy: OverviewEntry, { event, data, seq }: Event, userId: string): OverviewEntry {
  if ('message' in data) {
    const { message } = data;
    const isNew = event === 'message.created';
    if (isNew || copy.last_message?.id === message.id) copy.last_message = message;
    if (isNew) copy.message_no = message.message_no;
    if (isNew && message.sender_id === userId) copy.read_message_no = Math.max(copy.read_message_no, copy.message_no);
  } else if ('chat' in data) Object.assign(copy, data.chat);
  else if ('member' in data && data.member.user_id === userId) copy.my_role = data.member.role;
  copy.seq = seq;
  return counted(copy);
}

/** A read position ahead of the messages that have come reads them when they come. */
function counted(copy: OverviewEntry): OverviewEntry {
  copy.unread_count = Math.max(0, copy.message_no - copy.read_message_no);
  return copy;
}

function activityOf(entry: OverviewEntry): string {
  return entry.last_message?.date ?? entry.created_at;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
