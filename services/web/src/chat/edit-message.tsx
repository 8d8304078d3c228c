import type { Message } from '@carillon/client';
import { useChat } from '@carillon/client/react';
import { type FormEvent, useState } from 'react';
import { IconButton } from '../ui/icon-button.tsx';
import { EditBanner } from './edit-banner.tsx';
import { excessOf, MessageField } from './message-field.tsx';

type Props = { readonly chatId: string; readonly message: Message; readonly onDone: () => void };

/** A message's text, to be corrected: Enter saves, Escape leaves it as it was. */
export function EditMessage({ chatId, message, onDone }: Props) {
  const chat = useChat(chatId);
  const [text, setText] = useState(message.text ?? '');
  const trimmed = text.trim();
  const canSave = excessOf(text) === 0 && (trimmed !== '' || message.attachments.length > 0);
  const save = (event?: FormEvent) => {
    event?.preventDefault();
    if (!canSave) return;
    if (trimmed !== (message.text ?? '')) chat.edit(message.id, { text: trimmed === '' ? null : trimmed });
    onDone();
  };
  return (
    <>
      <EditBanner message={message} onCancel={onDone} />
      <form className="composer__row" onSubmit={save}>
        <MessageField label="Edit the message" text={text} onChange={setText} hasFocus onEnter={save} onEscape={onDone} />
        <IconButton icon="check" label="Save" type="submit" isPrimary disabled={!canSave} />
      </form>
      {excessOf(text) > 0 && <p className="composer__limit">{excessOf(text)} characters too many</p>}
    </>
  );
}
