import { useState } from 'react';
import { Inspector } from '../inspector/inspector.tsx';
import './messenger.css';

type Props = { readonly userId: string; readonly onSignOut: () => void };

/** The layout: the chats, the open chat, and the inspector's slot at the right; on a phone one of the first two, and a sheet from below. */
export function Messenger({ userId, onSignOut }: Props) {
  const [chatId, _openChat] = useState<string>();
  return (
    <div className={chatId === undefined ? 'messenger' : 'messenger messenger--chat-open'}>
      <aside className="messenger__chats" aria-label="Chats">
        <p>{userId}</p>
        <button type="button" className="button" onClick={onSignOut}>
          Sign out
        </button>
      </aside>
      <main className="messenger__chat">Choose a chat</main>
      <div className="messenger__inspector">
        <Inspector />
      </div>
    </div>
  );
}
