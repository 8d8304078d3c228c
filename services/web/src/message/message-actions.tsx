import type { Message } from '@carillon/client';
import { useChat } from '@carillon/client/react';
import { useState } from 'react';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import './message-actions.css';

type Props = { readonly message: Message; readonly chatId: string; readonly mayEdit: boolean; readonly onEdit: (message: Message) => void };

/** What the user may do with a message; shown while the message is pointed at or has the focus. */
export function MessageActions({ message, chatId, mayEdit, onEdit }: Props) {
  const chat = useChat(chatId);
  const [isDeleting, setIsDeleting] = useState(false);
  return (
    <div className="message-actions">
      {mayEdit && <IconButton icon="edit" label="Edit" onClick={() => onEdit(message)} />}
      <IconButton icon="delete" label="Delete" onClick={() => setIsDeleting(true)} />
      {isDeleting && (
        <ConfirmDialog
          title="Delete this message?"
          text="It disappears for everybody in this chat."
          action="Delete"
          onConfirm={() => chat.delete(message.id)}
          onClose={() => setIsDeleting(false)}
        />
      )}
    </div>
  );
}
