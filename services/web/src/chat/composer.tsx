import type { Message, OutgoingMessage } from '@carillon/client';
import { useChat } from '@carillon/client/react';
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { IconButton } from '../ui/icon-button.tsx';
import { useNotice } from '../ui/notices.tsx';
import { AttachDialog } from './attach-dialog.tsx';
import { keepDraft, readDraft } from './draft.ts';
import { EditBanner } from './edit-banner.tsx';
import { RecordButtons } from './record-buttons.tsx';
import { StickerPicker } from './sticker-picker.tsx';
import './composer.css';

type Props = {
  readonly chatId: string;
  readonly userId: string;
  readonly messages: readonly Message[];
  readonly edited: Message | undefined;
  readonly onEdit: (message: Message | undefined) => void;
};

/** The format's limit, in code points. */
const maxLength = 4_000;

/** Where messages are written and edited. Enter sends, Shift+Enter breaks the line, ArrowUp edits the last own message, Escape leaves the edit. */
export function Composer({ chatId, userId, messages, edited, onEdit }: Props) {
  const chat = useChat(chatId);
  const notify = useNotice();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => edited?.text ?? readDraft(userId, chatId));
  const [open, setOpen] = useState<'attach' | 'stickers'>();
  const isTooLong = [...text].length > maxLength;
  const mayBeEmpty = edited !== undefined && edited.attachments.length > 0;
  const canSend = (text.trim() !== '' || mayBeEmpty) && !isTooLong;

  useEffect(() => {
    // A phone's keyboard would cover the chat that was just opened.
    if (edited !== undefined || matchMedia('(hover: hover)').matches) field.current?.focus();
  }, [edited]);
  const write = (next: string) => {
    setText(next);
    if (edited === undefined) keepDraft(userId, chatId, next);
  };
  const send = (message: OutgoingMessage) => {
    try {
      chat.send(message);
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error));
    }
  };
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (!canSend) return;
    if (edited === undefined) send({ text: text.trim() });
    else if (text.trim() !== edited.text) chat.edit(edited.id, { text: text.trim() === '' ? null : text.trim() });
    if (edited === undefined) write('');
    else onEdit(undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape' && edited !== undefined) onEdit(undefined);
    else if (event.key === 'ArrowUp' && text === '' && edited === undefined) {
      const last = messages.findLast((message) => message.sender_id === userId && message.type === 'text' && message.deleted_at === null);
      if (last !== undefined) onEdit(last);
      event.preventDefault();
    }
  };
  return (
    <div className="composer">
      {edited !== undefined && <EditBanner message={edited} onCancel={() => onEdit(undefined)} />}
      {open === 'stickers' && (
        <StickerPicker onPick={(sticker) => send({ type: 'sticker', attachments: [sticker] })} onClose={() => setOpen(undefined)} />
      )}
      <form className="composer__row" onSubmit={submit}>
        {edited === undefined && (
          <>
            <IconButton icon="attach" label="Attach" onClick={() => setOpen('attach')} />
            <IconButton
              icon="sticker"
              label="Stickers"
              aria-expanded={open === 'stickers'}
              onClick={() => setOpen(open === 'stickers' ? undefined : 'stickers')}
            />
          </>
        )}
        <textarea
          ref={field}
          className="composer__field"
          aria-label={edited === undefined ? 'Message' : 'Edit the message'}
          aria-invalid={isTooLong}
          placeholder="Message"
          rows={1}
          dir="auto"
          value={text}
          onChange={(event) => write(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {text === '' && edited === undefined ? (
          <RecordButtons onRecorded={send} />
        ) : (
          <IconButton
            icon={edited === undefined ? 'send' : 'check'}
            label={edited === undefined ? 'Send' : 'Save'}
            type="submit"
            isPrimary
            disabled={!canSend}
          />
        )}
      </form>
      {isTooLong && <p className="composer__limit">{[...text].length - maxLength} characters too many</p>}
      {open === 'attach' && (
        <AttachDialog
          text={text}
          onSend={(message) => {
            send(message);
            write('');
            setOpen(undefined);
          }}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  );
}
