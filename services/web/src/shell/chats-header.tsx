import { useState } from 'react';
import { NewChatDialog } from '../group/new-chat-dialog.tsx';
import { InspectorButton } from '../inspector/inspector-button.tsx';
import { visibleText } from '../text/visible-text.ts';
import { Avatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { useTheme } from '../ui/use-theme.ts';
import { ConnectionPill } from './connection-pill.tsx';
import './chats-header.css';

type Props = { readonly userId: string; readonly onOpen: (chatId: string) => void; readonly onSignOut: () => void };

/** Who is signed in, how the connection is, and what can be done from anywhere. */
export function ChatsHeader({ userId, onOpen, onSignOut }: Props) {
  const [isCreating, setIsCreating] = useState(false);
  const { theme, toggle } = useTheme();
  return (
    <header className="chats-header">
      <Avatar name={userId} />
      <div className="chats-header__who">
        <h1 className="chats-header__name">{visibleText(userId)}</h1>
        <ConnectionPill />
      </div>
      <IconButton icon="add" label="New chat" isPrimary onClick={() => setIsCreating(true)} />
      <InspectorButton />
      <IconButton icon={theme === 'dark' ? 'sun' : 'moon'} label={theme === 'dark' ? 'Light theme' : 'Dark theme'} onClick={toggle} />
      <IconButton icon="leave" label="Sign out" onClick={onSignOut} />
      {isCreating && <NewChatDialog onOpen={onOpen} onClose={() => setIsCreating(false)} />}
    </header>
  );
}
