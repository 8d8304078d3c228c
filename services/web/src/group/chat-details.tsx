import type { OverviewEntry } from '@carillon/client';
import { useChat } from '@carillon/client/react';
import { useState } from 'react';
import { useChatName } from '../chat/chat-name.ts';
import { Avatar } from '../ui/avatar.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { useAttempt } from '../ui/notices.tsx';
import { AddMembers } from './add-members.tsx';
import { ChatForm } from './chat-form.tsx';
import { MemberListView } from './member-list-view.tsx';
import './chat-details.css';

type Props = { readonly chat: OverviewEntry; readonly userId: string; readonly onClose: () => void };

/** About a chat: its name, its members, and the ways out of it, as far as the user's role allows. */
export function ChatDetails({ chat, userId, onClose }: Props) {
  const handle = useChat(chat.id);
  const attempt = useAttempt();
  const name = useChatName(chat, userId);
  const [isEnding, setIsEnding] = useState<'leave' | 'delete'>();
  const isGroup = chat.kind === 'group';
  const isAdmin = isGroup && chat.my_role !== 'member';
  const mayDelete = !isGroup || chat.my_role === 'owner';
  return (
    <aside className="details" aria-label="Details">
      <header className="details__header">
        <h2 className="details__title">Details</h2>
        <IconButton icon="close" label="Close the details" onClick={onClose} />
      </header>
      <div className="details__about">
        <Avatar name={name} url={chat.avatar_url} size="large" />
        <p className="details__name">{name}</p>
      </div>
      {isAdmin && <ChatForm key={`${chat.title} ${chat.avatar_url}`} chat={chat} />}
      <MemberListView chat={chat} userId={userId} />
      {isAdmin && <AddMembers chatId={chat.id} />}
      <div className="details__ways-out">
        {isGroup && (
          <button type="button" className="button button--danger" onClick={() => setIsEnding('leave')}>
            <Icon name="leave" /> Leave the group
          </button>
        )}
        {mayDelete && (
          <button type="button" className="button button--danger" onClick={() => setIsEnding('delete')}>
            <Icon name="delete" /> Delete the chat
          </button>
        )}
      </div>
      {isEnding === 'leave' && (
        <ConfirmDialog
          title="Leave the group?"
          text="You will not see what is written in it from now on."
          action="Leave"
          onConfirm={() => void attempt(() => handle.removeMember(userId))}
          onClose={() => setIsEnding(undefined)}
        />
      )}
      {isEnding === 'delete' && (
        <ConfirmDialog
          title="Delete the chat?"
          text="It disappears for all its members."
          action="Delete"
          onConfirm={() => void attempt(() => handle.deleteChat())}
          onClose={() => setIsEnding(undefined)}
        />
      )}
    </aside>
  );
}
