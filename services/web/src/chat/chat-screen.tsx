import type { Message } from '@carillon/client';
import { useMessages } from '@carillon/client/react';
import { useState } from 'react';
import { ChatDetails } from '../group/chat-details.tsx';
import { ChatEnded } from './chat-ended.tsx';
import { ChatHeader } from './chat-header.tsx';
import { Composer } from './composer.tsx';
import { Timeline } from './timeline.tsx';
import './chat-screen.css';

type Props = { readonly chatId: string; readonly userId: string; readonly onClose: () => void };

/** The open chat: header, messages, and the field to write in; the details beside them on demand. */
export function ChatScreen({ chatId, userId, onClose }: Props) {
  const snapshot = useMessages(chatId);
  const [edited, setEdited] = useState<Message>();
  const [hasDetails, setHasDetails] = useState(false);
  const { chat, ended } = snapshot;
  if (ended !== undefined) return <ChatEnded reason={ended} onClose={onClose} />;
  return (
    <>
      <div className="chat-screen">
        <ChatHeader
          chat={chat}
          status={snapshot.status}
          userId={userId}
          hasDetails={hasDetails}
          onBack={onClose}
          onDetails={() => setHasDetails(!hasDetails)}
        />
        <Timeline snapshot={snapshot} chatId={chatId} userId={userId} onEdit={setEdited} />
        <Composer chatId={chatId} userId={userId} messages={snapshot.messages} edited={edited} onEdit={setEdited} />
      </div>
      {hasDetails && chat !== undefined && <ChatDetails chat={chat} userId={userId} onClose={() => setHasDetails(false)} />}
    </>
  );
}
