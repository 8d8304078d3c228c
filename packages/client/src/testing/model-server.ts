import type { Chat, Event, Head, Member, MemberPage, Message, MessagePage, OverviewEntry, Role } from '../wire.ts';

/** A chat at one `seq`, as `me` and everybody else could see it. */
export type ChatMoment = {
  readonly chat: Chat;
  readonly messages: readonly Message[];
  readonly members: readonly Member[];
  /** The intervals of `me`. The last one is open while `leftSeq` is undefined. */
  readonly intervals: readonly { readonly joinedSeq: number; readonly leftSeq: number | undefined }[];
  readonly readMessageNo: number;
};

type Logged = { readonly event: Event; readonly commit: number };

/**
 * What the real server promises, in memory and in a few lines: chats with a dense `seq`, membership as intervals, snapshots with
 * watermarks, deltas, sync and heads. Keeps every moment of every chat, so that a view can be compared with the chat at its `seq`.
 */
export class ModelServer {
  readonly me: string;
  readonly moments = new Map<string, ChatMoment[]>();
  readonly #logs = new Map<string, Logged[]>();
  readonly #pruned = new Map<string, number>();
  readonly #readCommits = new Map<string, number>();
  #commit = 0;
  #messages = 0;

  constructor(me: string) {
    this.me = me;
  }

  get commit(): number {
    return this.#commit;
  }

  now(chatId: string): ChatMoment {
    return this.at(chatId, this.moments.get(chatId)?.length ?? 0);
  }

  /** The chat right after the event with this `seq`. */
  at(chatId: string, seq: number): ChatMoment {
    const moment = this.moments.get(chatId)?.[seq - 1];
    if (moment === undefined) throw new Error(`no moment ${seq} of ${chatId}`);
    return moment;
  }

  isMember(chatId: string): boolean {
    const { chat, intervals } = this.now(chatId);
    return chat.deleted_at === null && isIn(intervals);
  }

  createChat(chatId: string, others: readonly string[]): void {
    const created_at = this.#date();
    const members = [this.me, ...others]
      .sort()
      .map((user_id): Member => ({ user_id, role: 'member', joined_seq: 1, joined_at: created_at }));
    const chat: Chat = {
      id: chatId,
      kind: 'group',
      title: 'A group',
      avatar_url: null,
      created_by: others[0] ?? this.me,
      created_at,
      deleted_at: null,
      seq: 0,
      message_no: 0,
      member_count: members.length,
    };
    this.moments.set(chatId, []);
    this.#logs.set(chatId, []);
    const moment: ChatMoment = { chat, messages: [], members, intervals: [{ joinedSeq: 1, leftSeq: undefined }], readMessageNo: 0 };
    this.#append(chatId, moment, (next) => ({ event: 'chat.created', data: { chat: next, members } }));
  }

  send(chatId: string, senderId: string, clientMessageId: string, text: string): Message {
    const before = this.now(chatId);
    const known = before.messages.find((message) => message.sender_id === senderId && message.client_message_id === clientMessageId);
    if (known !== undefined) return known;
    this.#messages += 1;
    const message: Message = {
      id: `message-${this.#messages}`,
      chat_id: chatId,
      seq: before.chat.seq + 1,
      message_no: before.chat.message_no + 1,
      sender_id: senderId,
      client_message_id: clientMessageId,
      type: 'text',
      text,
      attachments: [],
      date: this.#date(),
      edited_at: null,
      deleted_at: null,
    };
    const chat = { ...before.chat, message_no: message.message_no };
    const readMessageNo = senderId === this.me ? message.message_no : before.readMessageNo;
    const moment = { ...before, chat, messages: [...before.messages, message], readMessageNo };
    this.#append(chatId, moment, () => ({ event: 'message.created', data: { message } }));
    return message;
  }

  edit(chatId: string, at: number, text: string): void {
    const before = this.now(chatId);
    const message = before.messages[at % Math.max(1, before.messages.length)];
    if (message === undefined || message.deleted_at !== null) return;
    this.#change(chatId, 'message.updated', { ...message, text, edited_at: this.#date() });
  }

  delete(chatId: string, at: number): void {
    const before = this.now(chatId);
    const message = before.messages[at % Math.max(1, before.messages.length)];
    if (message === undefined || message.deleted_at !== null) return;
    this.#change(chatId, 'message.deleted', { ...message, text: null, attachments: [], deleted_at: this.#date() });
  }

  rename(chatId: string, title: string): void {
    const before = this.now(chatId);
    this.#append(chatId, { ...before, chat: { ...before.chat, title } }, (chat) => ({ event: 'chat.updated', data: { chat } }));
  }

  setRole(chatId: string, userId: string, role: Role): void {
    const before = this.now(chatId);
    const member = before.members.find(({ user_id }) => user_id === userId);
    if (member === undefined || member.role === role) return;
    const changed = { ...member, role };
    const members = before.members.map((other) => (other === member ? changed : other));
    this.#append(chatId, { ...before, members }, () => ({ event: 'member.updated', data: { member: changed } }));
  }

  add(chatId: string, userId: string): void {
    const before = this.now(chatId);
    if (before.chat.deleted_at !== null || before.members.some(({ user_id }) => user_id === userId)) return;
    const joined_seq = before.chat.seq + 1;
    const member: Member = { user_id: userId, role: 'member', joined_seq, joined_at: this.#date() };
    const members = [...before.members, member].sort((a, b) => (a.user_id < b.user_id ? -1 : 1));
    const isMe = userId === this.me;
    const intervals = isMe ? [...before.intervals, { joinedSeq: joined_seq, leftSeq: undefined }] : before.intervals;
    const readMessageNo = isMe ? before.chat.message_no : before.readMessageNo;
    const chat = { ...before.chat, member_count: members.length };
    this.#append(chatId, { ...before, chat, members, intervals, readMessageNo }, (next) => ({
      event: 'member.added',
      data: { chat: next, members: [member] },
    }));
  }

  remove(chatId: string, userId: string): void {
    const before = this.now(chatId);
    if (before.chat.deleted_at !== null || !before.members.some(({ user_id }) => user_id === userId)) return;
    const members = before.members.filter(({ user_id }) => user_id !== userId);
    const leftSeq = before.chat.seq + 1;
    const intervals =
      userId === this.me ? before.intervals.map((own) => (own.leftSeq === undefined ? { ...own, leftSeq } : own)) : before.intervals;
    const chat = { ...before.chat, member_count: members.length };
    this.#append(chatId, { ...before, chat, members, intervals }, (next) => ({
      event: 'member.removed',
      data: { user_id: userId, reason: 'removed', chat: next },
    }));
  }

  deleteChat(chatId: string): void {
    const before = this.now(chatId);
    const leftSeq = before.chat.seq + 1;
    const intervals = before.intervals.map((own) => (own.leftSeq === undefined ? { ...own, leftSeq } : own));
    this.#append(chatId, { ...before, chat: { ...before.chat, deleted_at: this.#date() }, intervals }, (chat) => ({
      event: 'chat.deleted',
      data: { chat },
    }));
  }

  /** Moves the read position of `me`; answers it. */
  read(chatId: string, messageNo: number): number {
    const before = this.now(chatId);
    const readMessageNo = Math.max(before.readMessageNo, Math.min(messageNo, before.chat.message_no));
    this.moments.get(chatId)?.splice(-1, 1, { ...before, readMessageNo });
    this.#readCommits.set(chatId, ++this.#commit);
    return readMessageNo;
  }

  /** Retention: events up to now are not stored any more. */
  prune(chatId: string): void {
    this.#pruned.set(chatId, this.now(chatId).chat.seq);
  }

  /** What would be pushed to `me`, in order. */
  pushable(chatId: string): Event[] {
    return this.#log(chatId)
      .map(({ event }) => event)
      .filter((event) => this.#sees(chatId, event.seq));
  }

  entry(chatId: string): OverviewEntry | undefined {
    return this.isMember(chatId) ? entryAt(this.now(chatId), this.me) : undefined;
  }

  overview(): OverviewEntry[] {
    return [...this.moments.keys()].flatMap((chatId) => this.entry(chatId) ?? []);
  }

  page(chatId: string, limit: number, beforeSeq = Number.POSITIVE_INFINITY): MessagePage | undefined {
    if (!this.isMember(chatId)) return undefined;
    const moment = this.now(chatId);
    const older = visibleMessages(moment).filter((message) => message.seq < beforeSeq);
    return { messages: older.slice(-limit), seq: moment.chat.seq, has_more_before: older.length > limit, has_more_after: false };
  }

  members(chatId: string, limit: number, after: string): MemberPage | undefined {
    if (!this.isMember(chatId)) return undefined;
    const { members, chat } = this.now(chatId);
    const rest = members.filter(({ user_id }) => user_id > after);
    return { members: rest.slice(0, limit), seq: chat.seq, next_cursor: rest.length > limit ? (rest[limit - 1]?.user_id ?? null) : null };
  }

  events(chatId: string, after: number, limit: number): { events: Event[]; seq: number; has_more: boolean } | 'not_found' | 'pruned' {
    if (!this.isMember(chatId)) return 'not_found';
    const stored = this.#pruned.get(chatId) ?? 0;
    const missed = this.pushable(chatId).filter((event) => event.seq > after);
    if (missed.some((event) => event.seq <= stored)) return 'pruned';
    const events = missed.slice(0, limit).map((event) => this.#asNow(event));
    const has_more = missed.length > limit;
    return { events, seq: has_more ? (events.at(-1)?.seq ?? 0) : this.now(chatId).chat.seq, has_more };
  }

  /** All events for `me` committed after the cursor, by chat and `seq`. */
  sync(cursor: number): { events: Event[]; next: number } {
    const events = [...this.moments.keys()].flatMap((chatId) =>
      this.#log(chatId)
        .filter(({ event, commit }) => commit > cursor && this.#sees(chatId, event.seq))
        .map(({ event }) => this.#asNow(event)),
    );
    return { events, next: this.#commit };
  }

  heads(cursor: number): { heads: Head[]; next: number } {
    const heads = [...this.moments.keys()].flatMap((chatId): Head[] => {
      const seen = this.#log(chatId).filter(({ event }) => this.#sees(chatId, event.seq));
      const last = seen.at(-1);
      const moved = seen.some(({ commit }) => commit > cursor) || (this.#readCommits.get(chatId) ?? 0) > cursor;
      if (last === undefined || !moved) return [];
      return [{ chat_id: chatId, seq: last.event.seq, read_message_no: this.now(chatId).readMessageNo }];
    });
    return { heads, next: this.#commit };
  }

  #change(chatId: string, event: 'message.updated' | 'message.deleted', message: Message): void {
    const before = this.now(chatId);
    const messages = before.messages.map((other) => (other.id === message.id ? message : other));
    this.#append(chatId, { ...before, messages }, () => ({ event, data: { message } }));
  }

  #append(chatId: string, moment: ChatMoment, tell: (chat: Chat) => unknown): void {
    const seq = (this.moments.get(chatId)?.length ?? 0) + 1;
    const chat = { ...moment.chat, seq };
    this.moments.get(chatId)?.push({ ...moment, chat });
    // One cast in a fixture: the two halves of an event are put together here only.
    const event = { type: 'event', chat_id: chatId, seq, actor_id: this.me, at: chat.created_at, ...(tell(chat) as object) } as Event;
    this.#log(chatId).push({ event, commit: ++this.#commit });
  }

  #log(chatId: string): Logged[] {
    return this.#logs.get(chatId) ?? [];
  }

  #sees(chatId: string, seq: number): boolean {
    return this.now(chatId).intervals.some((own) => own.joinedSeq <= seq && seq <= (own.leftSeq ?? Number.POSITIVE_INFINITY));
  }

  /** After a deletion a stored event shows the tombstone. */
  #asNow(event: Event): Event {
    if (!('message' in event.data)) return event;
    const { message } = event.data;
    const now = this.now(event.chat_id).messages.find(({ id }) => id === message.id);
    return now?.deleted_at ? ({ ...event, data: { message: now } } as Event) : event;
  }

  #date(): string {
    return new Date(1_700_000_000_000 + 1_000 * (this.#commit + 1)).toISOString();
  }
}

/** The line of the overview at that moment. */
export function entryAt(moment: ChatMoment, me: string): OverviewEntry {
  const own = moment.intervals.at(-1);
  return {
    ...moment.chat,
    last_message: visibleMessages(moment).at(-1) ?? null,
    my_role: moment.members.find(({ user_id }) => user_id === me)?.role ?? 'member',
    my_joined_seq: own?.joinedSeq ?? 0,
    read_message_no: moment.readMessageNo,
    unread_count: moment.chat.message_no - moment.readMessageNo,
  };
}

export function visibleMessages({ messages, intervals }: ChatMoment): Message[] {
  return messages.filter(({ seq }) => intervals.some((own) => own.joinedSeq <= seq && seq <= (own.leftSeq ?? Number.POSITIVE_INFINITY)));
}

function isIn(intervals: ChatMoment['intervals']): boolean {
  return intervals.at(-1)?.leftSeq === undefined;
}
