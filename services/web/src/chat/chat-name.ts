import type { OverviewEntry } from '@carillon/client';
import { useMembers } from '@carillon/client/react';
import { visibleText } from '../text/visible-text.ts';

/** What a chat is called: a group by its title, a direct chat by the other user. Asks for the members only where nothing else tells them. */
export function useChatName(chat: OverviewEntry, userId: string): string {
  const isGroup = chat.kind === 'group';
  const known = isGroup ? chat.title : otherUser(chat, userId);
  const { members } = useMembers(chat.id, { skip: known !== undefined });
  return visibleText(known ?? members.find((member) => member.user_id !== userId)?.user_id ?? '…');
}

function otherUser(chat: OverviewEntry, userId: string): string | undefined {
  return [chat.created_by, chat.last_message?.sender_id].find((user) => user !== undefined && user !== userId);
}
