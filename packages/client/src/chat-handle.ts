import type { ChatReplica } from './chat-replica.ts';
import { shownOf } from './chat-replica.ts';
import type { MemberList } from './member-list.ts';
import { shownEntry } from './overview.ts';
import { type MessageChange, type PendingMessage, type PendingSend, pendingMessages, withPendingChanges } from './pending-sends.ts';
import type { Sending } from './sending.ts';
import type { Status } from './status.ts';
import { type Notifier, Store, type View } from './store.ts';
import { type EndReason, needOf, type Replica, viewOf } from './sync.ts';
import type { Attachment, Chat, Member, Message, MessageType, OverviewEntry, Role } from './wire.ts';

/** The open chat: what is in Postgres at one moment, then what this user has sent and Postgres may not have yet. */
export type ChatSnapshot = {
  readonly chat: OverviewEntry | undefined;
  /** Ascending and without a gap, up to the newest. Edits and deletions that are on their way are shown as done. */
  readonly messages: readonly Message[];
  /** One's own messages that are in `messages` not yet, in the order they were sent. */
  readonly pending: readonly PendingMessage[];
  readonly hasOlder: boolean;
  readonly isLoadingOlder: boolean;
  readonly isLoaded: boolean;
  readonly ended: EndReason | undefined;
  readonly status: Status;
};

export type MembersSnapshot = { readonly members: MemberList; readonly isLoaded: boolean; readonly status: Status };

export type OutgoingMessage = {
  readonly text?: string;
  readonly attachments?: readonly Attachment[];
  /** Default: `text`. */
  readonly type?: MessageType;
  /** Given to the client's `upload` before the message is sent. */
  readonly files?: readonly unknown[];
};

/** A message on its way. */
export type SentMessage = {
  readonly client_message_id: string;
  readonly state: PendingMessage['state'];
  /** Tries a failed one again: the same message. */
  retry(): void;
  /** Forgets one that is not on its way. */
  discard(): void;
};

export type ChatView = 'timeline' | 'members';

/** What a handle needs of the client that gave it. */
export type ChatActions = {
  readonly notifier: Notifier;
  readonly status: Status;
  replica(chatId: string): ChatReplica;
  readonly sending: Sending;
  watch(chatId: string, view: ChatView, isWatched: boolean): void;
  loadOlder(chatId: string, limit: number, signal: AbortSignal | undefined): Promise<void>;
  markRead(chatId: string, messageNo: number | undefined): void;
  send(chatId: string, message: OutgoingMessage): SentMessage;
  add(chatId: string, operation: PendingSend['operation']): string;
  request<T>(method: string, chatId: string, path: string, body?: unknown): Promise<T>;
};

const noMessages: readonly Message[] = [];
const noMembers: MemberList = [];
const noPending: readonly PendingMessage[] = [];

/** One chat. Subscribed to, it is loaded and followed; `members` likewise. */
export class ChatHandle implements View<ChatSnapshot> {
  readonly id: string;
  readonly members: View<MembersSnapshot>;
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => ChatSnapshot;
  readonly #chats: ChatActions;
  readonly #timeline: Store<ChatSnapshot>;
  readonly #members: Store<MembersSnapshot>;

  constructor(id: string, chats: ChatActions) {
    this.id = id;
    this.#chats = chats;
    this.#timeline = new Store<ChatSnapshot>(
      chats.notifier,
      (last) => shared(last, chatSnapshot(chats.replica(id), chats.sending.of(id), chats.status)),
      (isWatched) => chats.watch(id, 'timeline', isWatched),
    );
    this.#members = new Store<MembersSnapshot>(
      chats.notifier,
      (last) => shared(last, membersSnapshot(chats.replica(id), chats.status)),
      (isWatched) => chats.watch(id, 'members', isWatched),
    );
    this.members = this.#members;
    this.subscribe = this.#timeline.subscribe;
    this.getSnapshot = this.#timeline.getSnapshot;
  }

  /** Called by the client when something of this chat changed. */
  changed(): void {
    this.#timeline.changed();
    this.#members.changed();
  }

  /** Loads the page of history before the window. Nothing where none is left or one is on its way. */
  loadOlder({ limit = 50, signal }: { limit?: number; signal?: AbortSignal } = {}): Promise<void> {
    return this.#chats.loadOlder(this.id, limit, signal);
  }

  /** Everything up to this `message_no`, by default all that has come, is read. Shown at once; never moves back. */
  markRead(messageNo?: number): void {
    this.#chats.markRead(this.id, messageNo);
  }

  /** Shown at once as pending, sent in order. Throws when 500 operations are pending already, or `files` have no `upload`. */
  send(message: OutgoingMessage): SentMessage {
    return this.#chats.send(this.id, message);
  }

  /** Shown at once, taken back if the server refuses. */
  edit(messageId: string, change: MessageChange): void {
    this.#chats.add(this.id, { kind: 'edit', messageId, change });
  }

  /** Shown at once, taken back if the server refuses. */
  delete(messageId: string): void {
    this.#chats.add(this.id, { kind: 'delete', messageId });
  }

  /** Tries a failed message again. */
  retry(clientMessageId: string): void {
    this.#chats.sending.retry(this.id, clientMessageId);
  }

  /** Forgets a pending message that is not on its way. */
  discard(clientMessageId: string): void {
    this.#chats.sending.discard(this.id, clientMessageId);
  }

  update(change: { title?: string; avatar_url?: string | null }): Promise<Chat> {
    return this.#chats.request<Chat>('PATCH', this.id, '', change);
  }

  async addMembers(userIds: readonly string[]): Promise<readonly Member[]> {
    const { members } = await this.#chats.request<{ members: Member[] }>('POST', this.id, '/members', { user_ids: userIds });
    return members;
  }

  setRole(userId: string, role: Role): Promise<Member> {
    return this.#chats.request<Member>('PATCH', this.id, `/members/${encodeURIComponent(userId)}`, { role });
  }

  /** Removes a member; oneself: leaves. */
  removeMember(userId: string): Promise<void> {
    return this.#chats.request<void>('DELETE', this.id, `/members/${encodeURIComponent(userId)}`);
  }

  /** Deletes the chat for everybody. */
  deleteChat(): Promise<void> {
    return this.#chats.request<void>('DELETE', this.id, '');
  }
}

function chatSnapshot(replica: ChatReplica, sends: readonly PendingSend[], status: Status): ChatSnapshot {
  const view = replica.timeline && viewOf(replica.timeline);
  const messages = view?.messages ?? noMessages;
  const pending = sends.length === 0 ? noPending : pendingMessages(sends, messages, shownOf(replica).seq);
  return {
    chat: shownEntry(replica.entry),
    messages: sends.length === 0 ? messages : withPendingChanges(messages, sends),
    pending: pending.length === 0 ? noPending : pending,
    hasOlder: view?.hasOlder ?? false,
    isLoadingOlder: view?.older !== undefined,
    isLoaded: view !== undefined,
    ended: endOf(replica),
    status: statusOf(replica.timeline, status),
  };
}

function membersSnapshot({ members }: ChatReplica, status: Status): MembersSnapshot {
  const view = members && viewOf(members);
  return { members: view ?? noMembers, isLoaded: view !== undefined, status: statusOf(members, status) };
}

/** A chat that the server does not know is gone, whether or not it was ever shown. */
function endOf({ entry, timeline }: ChatReplica): EndReason | undefined {
  const replica = timeline ?? entry;
  if (replica.kind === 'loaded') return replica.ended;
  return replica.goneAt >= 0 && needOf(replica).kind === 'nothing' ? 'gone' : undefined;
}

/** A view is live when the connection is and nothing is missing. */
function statusOf(replica: Replica<unknown> | undefined, status: Status): Status {
  if (status !== 'live') return status;
  return replica !== undefined && needOf(replica).kind === 'nothing' ? 'live' : 'catching_up';
}

/** The last snapshot where the next one is equal, field by field: what did not change keeps its reference. */
export function shared<T extends object>(last: T | undefined, next: T): T {
  if (last === undefined) return next;
  const keys = Object.keys(next) as (keyof T)[];
  return keys.every((key) => last[key] === next[key]) ? last : next;
}
