import type { Attachment } from '@carillon/client';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import './sticker-picker.css';

const stickers = ['bell', 'heart', 'laugh', 'sleepy', 'rocket', 'thanks'] as const;

type Props = { readonly onPick: (sticker: Attachment) => void; readonly onClose: () => void };

/** The page's own stickers. */
export function StickerPicker({ onPick, onClose }: Props) {
  const picker = useRef<HTMLFieldSetElement>(null);
  useEffect(() => picker.current?.querySelector('button')?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
  };
  return (
    <fieldset ref={picker} className="sticker-picker" aria-label="Stickers" onKeyDown={onKeyDown}>
      {stickers.map((name) => (
        <button
          key={name}
          type="button"
          className="sticker-picker__sticker"
          aria-label={`Send the sticker ${name}`}
          onClick={() => {
            onPick(stickerOf(name));
            onClose();
          }}
        >
          <img src={`/stickers/${name}.svg`} alt="" width={72} height={72} />
        </button>
      ))}
    </fieldset>
  );
}

function stickerOf(name: string): Attachment {
  const file_url = new URL(`/stickers/${name}.svg`, globalThis.location.href).href;
  return { type: 'sticker', file_url, name, mime_type: 'image/svg+xml', width: 160, height: 160 };
}
