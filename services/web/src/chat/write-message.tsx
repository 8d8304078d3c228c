import type { OutgoingMessage } from '@carillon/client';
import { useChat } from '@carillon/client/react';
import { type FormEvent, useState } from 'react';
import { IconButton } from '../ui/icon-button.tsx';
import { useNotice } from '../ui/notices.tsx';
import { AttachDialog } from './attach-dialog.tsx';
import { keepDraft, readDraft } from './draft.ts';
import { excessOf, MessageField } from './message-field.tsx';
import { RecordButtons } from './record-buttons.tsx';
import { StickerPicker } from './sticker-picker.tsx';

type Props = { readonly chatId: string; readonly userId: string; readonly onEditLast: () => void };

/** A new message: text, files, a sticker or a recording. Enter sends; ArrowUp in the empty field corrects the last one. */
export function WriteMessage({ chatId, userId, onEditLast }: Props) {
  const chat = useChat(chatId);
  const notify = useNotice();
  const [text, setText] = useState(() => readDraft(userId, chatId));
  const [open, setOpen] = useState<'attach' | 'stickers'>();
  const canSend = text.trim() !== '' && excessOf(text) === 0;
  const close = () => setOpen(undefined);
  const write = (next: string) => {
    setText(next);
    keepDraft(userId, chatId, next);
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
    send({ text: text.trim() });
    write('');
  };
  const sendAttached = (message: OutgoingMessage) => {
    send(message);
    write('');
    close();
  };
  return (
    <>
      {open === 'stickers' && <StickerPicker onPick={(sticker) => send({ type: 'sticker', attachments: [sticker] })} onClose={close} />}
      <form className="composer__row" onSubmit={submit}>
        <IconButton icon="attach" label="Attach" onClick={() => setOpen('attach')} />
        <IconButton
          icon="sticker"
          label="Stickers"
          aria-expanded={open === 'stickers'}
          onClick={() => setOpen(open === 'stickers' ? undefined : 'stickers')}
        />
        <MessageField
          label="Message"
          text={text}
          onChange={write}
          // A phone's keyboard would cover the chat that was just opened.
          hasFocus={matchMedia('(hover: hover)').matches}
          onEnter={submit}
          onArrowUp={text === '' ? onEditLast : undefined}
        />
        {text === '' ? (
          <RecordButtons onRecorded={send} />
        ) : (
          <IconButton icon="send" label="Send" type="submit" isPrimary disabled={!canSend} />
        )}
      </form>
      {excessOf(text) > 0 && <p className="composer__limit">{excessOf(text)} characters too many</p>}
      {open === 'attach' && <AttachDialog text={text} onSend={sendAttached} onClose={close} />}
    </>
  );
}
