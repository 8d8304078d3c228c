import type { Attachment } from '@carillon/client';
import { useState } from 'react';
import { visibleText } from '../text/visible-text.ts';
import { FileLink } from './file-link.tsx';
import './picture-view.css';

type Props = { readonly attachment: Attachment; readonly isSticker?: boolean };

/** A picture in its own shape from the first moment on, so that nothing moves when it has loaded; one that cannot be shown is a file. */
export function PictureView({ attachment, isSticker = false }: Props) {
  const [isBroken, setIsBroken] = useState(false);
  const { file_url, width, height, name } = attachment;
  if (isBroken) return <FileLink attachment={attachment} />;
  const alt = visibleText(name ?? (isSticker ? 'Sticker' : 'Photo'));
  const shape = isSticker ? undefined : shownSize(width, height);
  const className = `picture${isSticker ? ' picture--sticker' : ''}${shape !== undefined || isSticker ? '' : ' picture--shapeless'}`;
  const image = (
    <img
      className={className}
      src={file_url}
      alt={alt}
      {...shape}
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => setIsBroken(true)}
    />
  );
  if (isSticker) return image;
  return (
    <a className="picture-link" href={file_url} target="_blank" rel="noopener noreferrer nofollow ugc">
      {image}
    </a>
  );
}

const largest = { width: 384, height: 320 };

/** As large as it is, or as fits; the file is not needed to know it. */
function shownSize(width: number | undefined, height: number | undefined): { width: number; height: number } | undefined {
  if (width === undefined || height === undefined || width < 1 || height < 1) return undefined;
  const scale = Math.min(1, largest.width / width, largest.height / height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
