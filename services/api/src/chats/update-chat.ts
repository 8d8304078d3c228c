import type { Chat, UpdateChat } from '@carillon/protocol';
import { updateChat } from '@carillon/store';
import type { ChatWrites } from '../chat-writes.ts';
import { requireOk } from '../require-ok.ts';
import { type ChatCommand, traced } from '../traced.ts';

type UpdateChatCommand = ChatCommand & { readonly change: UpdateChat };

/** Changes a group's title or picture: for its admins and owner. */
export async function changeChat(writes: ChatWrites, { chatId, userId, change, traceparent }: UpdateChatCommand): Promise<Chat> {
  const outcome = await writes.write(chatId, (database) =>
    updateChat(database, {
      chatId,
      userId,
      ...(change.title === undefined ? {} : { title: change.title }),
      ...(change.avatar_url === undefined ? {} : { avatarUrl: change.avatar_url }),
      ...traced(traceparent),
    }),
  );
  return requireOk(outcome).chat;
}
