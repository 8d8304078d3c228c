import type { Attachment } from '@carillon/client';
import { useState } from 'react';
import { visibleText } from '../text/visible-text.ts';
import { FileLink } from './file-link.tsx';
import './video-view.css';

/** A video with the platform's own controls; nothing is loaded but its beginning until it is played. */
export function VideoView({ attachment }: { readonly attachment: Attachment }) {
  const [isBroken, setIsBroken] = useState(false);
  const { file_url, width, height, name } = attachment;
  if (isBroken) return <FileLink attachment={attachment} />;
  const shape = width !== undefined && height !== undefined ? { width, height } : {};
  return (
    <video
      className="video"
      src={file_url}
      aria-label={visibleText(name ?? 'Video')}
      {...shape}
      controls
      playsInline
      preload="metadata"
      onError={() => setIsBroken(true)}
    />
  );
}
