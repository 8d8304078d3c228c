import type { Attachment } from '@carillon/client';
import { useRef } from 'react';
import { durationText } from '../text/quantities.ts';
import { Icon } from '../ui/icon.tsx';
import { FileLink } from './file-link.tsx';
import { usePlayback } from './use-playback.ts';
import './circle-video.css';

const circumference = 100;

/** A video message: a circle that plays when it is pressed, with its progress around it. */
export function CircleVideo({ attachment }: { readonly attachment: Attachment }) {
  const video = useRef<HTMLVideoElement>(null);
  const { isPlaying, progress, positionMs, durationMs, hasFailed, toggle } = usePlayback(video, attachment.duration_ms);
  if (hasFailed) return <FileLink attachment={attachment} />;
  return (
    <div className="circle-video">
      {/* biome-ignore lint/a11y/useMediaCaption: video messages come without captions */}
      <video ref={video} className="circle-video__video" src={attachment.file_url} playsInline preload="metadata" />
      <svg className="circle-video__ring" viewBox="0 0 36 36" aria-hidden="true">
        <circle cx="18" cy="18" r="17" pathLength={circumference} strokeDasharray={`${progress * circumference} ${circumference}`} />
      </svg>
      <button type="button" className="circle-video__button" aria-label={isPlaying ? 'Pause' : 'Play video message'} onClick={toggle}>
        {!isPlaying && <Icon name="play" isFilled />}
      </button>
      <span className="circle-video__time">{durationText(isPlaying || positionMs > 0 ? positionMs : durationMs)}</span>
    </div>
  );
}
