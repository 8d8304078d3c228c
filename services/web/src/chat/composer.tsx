import type { Message } from '@carillon/client';
import { EditMessage } from './edit-message.tsx';
import { WriteMessage } from './write-message.tsx';
import './composer.css';

type Props = {
  readonly chatId: string;
  readonly userId: string;
  readonly messages: readonly Message[];
  readonly edited: Message | undefined;
  readonly onEdit: (message: Message | undefined) => void;
};

/** Where messages are written, or one is corrected. */
export function Composer({ chatId, userId, messages, edited, onEdit }: Props) {
  const editLast = () => {
    const last = messages.findLast((message) => message.sender_id === userId && message.type === 'text' && message.deleted_at === null);
    if (last !== undefined) onEdit(last);
  };
  return (
    <div className="composer">
      {edited === undefined ? (
        <WriteMessage chatId={chatId} userId={userId} onEditLast={editLast} />
      ) : (
        <EditMessage key={edited.id} chatId={chatId} message={edited} onDone={() => onEdit(undefined)} />
      )}
    </div>
  );
}
