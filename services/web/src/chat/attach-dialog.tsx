import type { Attachment, OutgoingMessage } from '@carillon/client';
import { type ChangeEvent, type FormEvent, useId, useState } from 'react';
import { Dialog } from '../ui/dialog.tsx';

type Props = { readonly text: string; readonly onSend: (message: OutgoingMessage) => void; readonly onClose: () => void };

type Kind = 'image' | 'video' | 'file' | 'voice' | 'circle_video' | 'sticker';

const kinds: readonly { readonly kind: Kind; readonly label: string }[] = [
  { kind: 'image', label: 'Photo' },
  { kind: 'video', label: 'Video' },
  { kind: 'file', label: 'File' },
  { kind: 'voice', label: 'Voice message' },
  { kind: 'circle_video', label: 'Video message' },
  { kind: 'sticker', label: 'Sticker' },
];
const maxFiles = 10;

/** Files of this computer, or one that is on the web already, as any kind of attachment that the format has. */
export function AttachDialog({ text, onSend, onClose }: Props) {
  const [url, setUrl] = useState('');
  const [kind, setKind] = useState<Kind>('image');
  const hintId = useId();
  const chooseFiles = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const files = [...(target.files ?? [])].slice(0, maxFiles);
    if (files.length > 0) onSend({ ...textOf(text), files });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend(messageOf({ type: kind, file_url: url }, text));
  };
  return (
    <Dialog title="Attach" onClose={onClose}>
      <form className="dialog__form" onSubmit={submit}>
        <label className="dialog__label">
          Files of this computer
          <input className="field" type="file" multiple aria-describedby={hintId} onChange={chooseFiles} />
        </label>
        <p id={hintId} className="dialog__hint">
          Up to {maxFiles}, 25 MB each. They are kept by this development server only.
        </p>
        <label className="dialog__label">
          Or an address on the web
          <input
            className="field"
            type="url"
            placeholder="https://…"
            pattern="https?://.+"
            required
            value={url}
            onChange={(e) => setUrl(e.target.value)}
          />
        </label>
        <label className="dialog__label">
          Shown as
          <select
            className="field"
            value={kind}
            onChange={(e) => setKind(kinds.find((known) => known.kind === e.target.value)?.kind ?? 'file')}
          >
            {kinds.map(({ kind: value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <div className="dialog__actions">
          <button type="submit" className="button button--primary">
            Send
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function textOf(text: string): { text?: string } {
  return text.trim() === '' ? {} : { text: text.trim() };
}

/** Voice, video messages and stickers stand alone. */
function messageOf(attachment: Attachment, text: string): OutgoingMessage {
  const { type } = attachment;
  const attachments = [attachment];
  if (type === 'voice' || type === 'circle_video' || type === 'sticker') return { type, attachments };
  return { ...textOf(text), attachments };
}
