import { ApiError } from '@carillon/client';
import { useClient } from '@carillon/client/react';
import { useCallback, useEffect, useState } from 'react';
import { ChatScreen } from '../chat/chat-screen.tsx';
import { Inspector } from '../inspector/inspector.tsx';
import { Overview } from '../overview/overview.tsx';
import { Notices, useNotice } from '../ui/notices.tsx';
import { ChatsHeader } from './chats-header.tsx';
import { Welcome } from './welcome.tsx';
import './messenger.css';

type Props = { readonly userId: string; readonly onSignOut: () => void };

/** The layout: the chats, the open chat, and the inspector's slot at the right; on a phone one of the first two, and a sheet from below. */
export function Messenger({ userId, onSignOut }: Props) {
  const [chatId, openChat] = useState<string>();
  const close = useCallback(() => openChat(undefined), []);
  return (
    <Notices>
      <Refusals />
      <div className={chatId === undefined ? 'messenger' : 'messenger messenger--chat-open'}>
        <aside className="messenger__chats" aria-label="Your chats">
          <ChatsHeader userId={userId} onOpen={openChat} onSignOut={onSignOut} />
          <Overview userId={userId} openChatId={chatId} onOpen={openChat} />
        </aside>
        <main className="messenger__chat">
          {chatId === undefined ? <Welcome /> : <ChatScreen key={chatId} chatId={chatId} userId={userId} onClose={close} />}
        </main>
        <div className="messenger__inspector">
          <Inspector chatId={chatId} />
        </div>
      </div>
    </Notices>
  );
}

/** An edit or a deletion that the server refuses is taken back on the screen; here the user is told why. */
function Refusals() {
  const client = useClient();
  const notify = useNotice();
  useEffect(
    () =>
      client.on('error', (error) => {
        if (error instanceof ApiError && !error.isRetryable && error.status !== 404) notify(error.message);
      }),
    [client, notify],
  );
  return null;
}
