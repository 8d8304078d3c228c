import type { OverviewEntry } from '@carillon/client';
import { memo } from 'react';
import { useChatName } from '../chat/chat-name.ts';
import { activityTime } from '../text/times.ts';
import { Avatar } from '../ui/avatar.tsx';
import { chatPreview } from './preview-text.ts';
import './chat-row.css';

type Props = {
  readonly chat: OverviewEntry;
  readonly userId: string;
  readonly isOpen: boolean;
  readonly onOpen: (chatId: string) => void;
};

/** A chat in the list: who, when, the last message, how many are unread. Untouched chats are not rendered again. */
export const ChatRow = memo(function ChatRow({ chat, userId, isOpen, onOpen }: Props) {
  const name = useChatName(chat, userId);
  const date = chat.last_message?.date ?? chat.created_at;
  return (
    <button type="button" className="chat-row" aria-current={isOpen ? 'true' : undefined} onClick={() => onOpen(chat.id)}>
      <Avatar name={name} url={chat.avatar_url} />
      <span className="chat-row__lines">
        <span className="chat-row__line">
          <span className="chat-row__name">{name}</span>
          <time className="chat-row__time" dateTime={date}>
            {activityTime(date)}
          </time>
        </span>
        <span className="chat-row__line">
          <span className="chat-row__preview">{chatPreview(chat, userId)}</span>
          {chat.unread_count > 0 && (
            <span className="chat-row__unread">
              {chat.unread_count > 999 ? '999+' : chat.unread_count}
              <span className="visually-hidden"> unread</span>
            </span>
          )}
        </span>
      </span>
    </button>
  );
});
