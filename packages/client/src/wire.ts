/**
 * The wire as this package sees it: plain types without a schema library behind them, so that the package needs nothing else.
 * `wire.test.ts` proves at compile time that they are those of `@carillon/protocol`.
 */

export type Role = 'owner' | 'admin' | 'member';
export type MessageType = 'text' | 'voice' | 'circle_video' | 'sticker';

/** A file that a message shows. The server stores the URL and never fetches it. */
export type Attachment = {
  type: 'image' | 'video' | 'file' | 'voice' | 'circle_video' | 'sticker';
  file_url: string;
  name?: string | undefined;
  size_bytes?: number | undefined;
  mime_type?: string | undefined;
  width?: number | undefined;
  height?: number | undefined;
  duration_ms?: number | undefined;
};

/** A message; a tombstone once `deleted_at` is set: `text` null, `attachments` empty. `seq` is that of its creation. */
export type Message = {
  id: string;
  chat_id: string;
  seq: number;
  message_no: number;
  sender_id: string;
  client_message_id: string;
  type: MessageType;
  text: string | null;
  attachments: Attachment[];
  date: string;
  edited_at: string | null;
  deleted_at: string | null;
};

/** A chat as every member sees it. */
export type Chat = {
  id: string;
  kind: 'group' | 'direct';
  title: string | null;
  avatar_url: string | null;
  created_by: string;
  created_at: string;
  deleted_at: string | null;
  seq: number;
  message_no: number;
  member_count: number;
};

/** A chat and the user's own view of it. `unread_count` is `message_no - read_message_no`. */
export type OverviewEntry = Chat & {
  last_message: Message | null;
  my_role: Role;
  my_joined_seq: number;
  read_message_no: number;
  unread_count: number;
};

export type Member = { user_id: string; role: Role; joined_seq: number; joined_at: string };

type Envelope = { type: 'event'; chat_id: string; seq: number; actor_id: string; at: string };
type WithMembers = { chat: Chat; members: Member[] };

/** Something that happened in a chat. `seq` is dense per chat, from 1. */
export type Event =
  | (Envelope & { event: 'message.created'; data: { message: Message } })
  | (Envelope & { event: 'message.updated'; data: { message: Message } })
  | (Envelope & { event: 'message.deleted'; data: { message: Message } })
  | (Envelope & { event: 'chat.created'; data: WithMembers })
  | (Envelope & { event: 'chat.updated'; data: { chat: Chat } })
  | (Envelope & { event: 'chat.deleted'; data: { chat: Chat } })
  | (Envelope & { event: 'member.added'; data: WithMembers })
  | (Envelope & { event: 'member.updated'; data: { member: Member } })
  | (Envelope & { event: 'member.removed'; data: { user_id: string; reason: 'removed' | 'left'; chat: Chat } });

export type ReadyFrame = {
  type: 'ready';
  connection_id: string;
  user_id: string;
  shard_id: string;
  heartbeat_ms: number;
  expires_at: string;
  resumed: boolean;
  degraded: boolean;
};
export type WatermarkFrame = { type: 'watermark'; chat_id: string; seq: number };
export type SignalFrame = { type: 'signal'; signal: 'read'; chat_id: string; user_id: string; message_no: number };
export type HeartbeatFrame = { type: 'heartbeat'; sent: number; pos?: string | undefined };
export type ResyncFrame = { type: 'resync'; reason: 'overflow' | 'gap' | 'takeover' | 'degraded' | 'recovered' };
export type ReconnectFrame = {
  type: 'reconnect';
  reason: 'drain' | 'moved' | 'age';
  url: string;
  ticket: string;
  not_before_ms: number;
};
export type AuthenticatedFrame = { type: 'authenticated'; expires_at: string };
export type PongFrame = { type: 'pong'; id?: string | undefined };

/** Every frame that a shard sends. Unknown types and fields are ignored [P3]. */
export type ServerFrame =
  | ReadyFrame
  | Event
  | WatermarkFrame
  | SignalFrame
  | HeartbeatFrame
  | ResyncFrame
  | ReconnectFrame
  | AuthenticatedFrame
  | PongFrame;

export type ClientFrame = { type: 'ping'; id?: string | undefined } | { type: 'auth'; token: string };

export type Ticket = { ticket: string; url: string; shard_id: string; expires_at: string };
export type OverviewPage = { chats: OverviewEntry[]; next_cursor: string | null; sync_cursor: string };
export type MessagePage = { messages: Message[]; seq: number; has_more_before: boolean; has_more_after: boolean };
export type MemberPage = { members: Member[]; seq: number; next_cursor: string | null };
export type EventPage = { events: Event[]; seq: number; has_more: boolean };
export type SyncPage = { events: Event[]; next_cursor: string; has_more: boolean; too_long: boolean };
export type Head = { chat_id: string; seq: number; read_message_no: number };
export type HeadsPage = { heads: Head[]; next_cursor: string; has_more: boolean; too_long: boolean };
export type ReadPosition = { read_message_no: number };

/** What the API answers instead of a result (RFC 9457). Programs compare `code`. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors?: { pointer: string; detail: string }[] | undefined;
};
