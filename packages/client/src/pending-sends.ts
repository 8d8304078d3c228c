import type { Attachment, Message, MessageType } from './wire.ts';

/** What a message says. */
export type MessageContent = {
  readonly type: MessageType;
  readonly text?: string | null;
  readonly attachments?: readonly Attachment[];
};

export type MessageChange = { readonly text?: string | null; readonly attachments?: readonly Attachment[] };

/** Why the server refused for good. */
export type SendError = { readonly status: number; readonly code: string; readonly detail: string };

/**
 * Something the user did that Postgres may not know yet: a message, an edit, a deletion. `id` is the `client_message_id` of a
 * message, so that a retry is the same request. Stored before the first attempt; plain data.
 * States: `queued` → `sending` → `sent` | `failed`; `sending` → `queued` when the outcome is unknown; `failed` → `queued` by hand.
 */
export type PendingSend = {
  readonly id: string;
  readonly chatId: string;
  readonly createdAtMs: number;
  readonly operation:
    | { readonly kind: 'send'; readonly content: MessageContent }
    | { readonly kind: 'edit'; readonly messageId: string; readonly change: MessageChange }
    | { readonly kind: 'delete'; readonly messageId: string };
  readonly state:
    | { readonly kind: 'queued' | 'sending' }
    | { readonly kind: 'sent'; readonly message: Message | undefined }
    | { readonly kind: 'failed'; readonly error: SendError };
};

/** A message of one's own that is not in the timeline yet. Shown after all others, in the order they were sent. */
export type PendingMessage = {
  readonly client_message_id: string;
  readonly content: MessageContent;
  readonly date: string;
  readonly state: 'queued' | 'sending' | 'sent' | 'failed';
  readonly error: SendError | undefined;
};

/** At most so many wait, and none longer than that. */
export const maxPending = 500;
export const maxPendingAgeMs = 7 * 24 * 3_600_000;

/** A chat's next operation: one in flight, in order; what failed holds up nothing. */
export function nextPending(sends: readonly PendingSend[]): PendingSend | undefined {
  const open = sends.find(({ state }) => state.kind === 'queued' || state.kind === 'sending');
  return open?.state.kind === 'queued' ? open : undefined;
}

/** The message came as an event or in a page: its send has succeeded, whether or not the answer arrives. */
export function confirmSend(sends: readonly PendingSend[], message: Message): readonly PendingSend[] {
  const at = sends.findIndex(({ id, operation }) => id === message.client_message_id && operation.kind === 'send');
  const send = sends[at];
  return send === undefined || send.state.kind === 'sent' ? sends : sends.with(at, { ...send, state: { kind: 'sent', message } });
}

/** Without what the view shows by now: a pending send is replaced by its message, never shown beside it [C5]. */
export function settleSends(sends: readonly PendingSend[], messages: readonly Message[], seq: number): readonly PendingSend[] {
  const open = sends.filter((send) => !isShown(send, messages, seq));
  return open.length === sends.length ? sends : open;
}

/** The messages with the user's edits and deletions that are on their way. The same array where there are none. */
export function withPendingChanges(messages: readonly Message[], sends: readonly PendingSend[]): readonly Message[] {
  let shown = messages;
  for (const { operation, state } of sends) {
    if (operation.kind === 'send' || state.kind === 'failed') continue;
    const at = shown.findLastIndex(({ id }) => id === operation.messageId);
    const message = shown[at];
    if (message !== undefined) shown = shown.with(at, changedMessage(message, operation));
  }
  return shown;
}

/** The user's messages that are not shown yet. */
export function pendingMessages(sends: readonly PendingSend[], messages: readonly Message[], seq: number): readonly PendingMessage[] {
  return sends.flatMap((send) => {
    const { id, operation, state, createdAtMs } = send;
    if (operation.kind !== 'send' || isShown(send, messages, seq)) return [];
    const error = state.kind === 'failed' ? state.error : undefined;
    return { client_message_id: id, content: operation.content, date: new Date(createdAtMs).toISOString(), state: state.kind, error };
  });
}

function isShown({ id, operation, state }: PendingSend, messages: readonly Message[], seq: number): boolean {
  if (operation.kind !== 'send') return state.kind === 'sent' && isChangeShown(state.message, operation, messages);
  if (state.kind === 'sent' && state.message !== undefined && state.message.seq <= seq) return true;
  return messages.some((message) => message.client_message_id === id);
}

/** The event of a change has come when the message is deleted, or edited no earlier than the answer says. */
function isChangeShown(
  answer: Message | undefined,
  operation: { readonly kind: 'edit' | 'delete'; readonly messageId: string },
  messages: readonly Message[],
): boolean {
  const message = messages.findLast(({ id }) => id === operation.messageId);
  if (message === undefined || message.deleted_at !== null) return true;
  return operation.kind === 'edit' && (message.edited_at ?? '') >= (answer?.edited_at ?? '');
}

function changedMessage(message: Message, operation: Exclude<PendingSend['operation'], { kind: 'send' }>): Message {
  if (operation.kind === 'delete') return { ...message, text: null, attachments: [], deleted_at: message.deleted_at ?? message.date };
  const { text = message.text, attachments = message.attachments } = operation.change;
  return message.deleted_at === null ? { ...message, text, attachments: [...attachments] } : message;
}
