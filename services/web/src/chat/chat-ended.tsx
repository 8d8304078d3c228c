import type { EndReason } from '@carillon/client';
import './chat-ended.css';

const sentences: Readonly<Record<EndReason, string>> = {
  removed: 'You were removed from this chat',
  left: 'You left this chat',
  deleted: 'This chat was deleted',
  gone: 'This chat is not there any more',
};

/** Instead of a chat that the user cannot see any more. */
export function ChatEnded({ reason, onClose }: { readonly reason: EndReason; readonly onClose: () => void }) {
  return (
    <div className="chat-ended" role="status">
      <p>{sentences[reason]}</p>
      <button type="button" className="button" onClick={onClose}>
        Back to your chats
      </button>
    </div>
  );
}
