import type { Chat } from '@carillon/protocol';
import { advanceChat, appendEvents, lockChat } from '../chat-change.ts';
import type { Database } from '../database.ts';
import { type Forbidden, forbidden, type NotFound, notFound } from '../outcomes.ts';

export type UpdateChatInput = {
  readonly chatId: string;
  readonly userId: string;
  readonly title?: string | undefined;
  readonly avatarUrl?: string | null | undefined;
  readonly traceparent?: string | undefined;
};

export type UpdateChatOutcome = { readonly kind: 'ok'; readonly chat: Chat } | NotFound | Forbidden;

const update = { name: 'update-chat', text: 'UPDATE chats SET title = $2, avatar_url = $3 WHERE id = $1' };

/** Changes a group's title or picture: admins and the owner. Without a change no event. */
export function updateChat(db: Database, input: UpdateChatInput): Promise<UpdateChatOutcome> {
  const { chatId, userId, traceparent } = input;
  return db.transaction(async (transaction) => {
    const locked = await lockChat(transaction, input);
    if (locked === undefined) return notFound;
    const { chat, role } = locked;
    if (chat.kind === 'direct' || role === 'member') return forbidden;
    const title = input.title ?? chat.title;
    const avatarUrl = input.avatarUrl === undefined ? chat.avatar_url : input.avatarUrl;
    if (title === chat.title && avatarUrl === chat.avatar_url) return { kind: 'ok', chat };
    await transaction.query(update, [chatId, title, avatarUrl]);
    const changed = await advanceChat(transaction, { chatId, events: 1 });
    const event = { seq: changed.chat.seq, event: 'chat.updated', data: { chat: changed.chat } } as const;
    await appendEvents(transaction, { chatId, actorId: userId, at: changed.at, traceparent, events: [event] });
    return { kind: 'ok', chat: changed.chat };
  });
}
