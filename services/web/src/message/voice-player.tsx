import type { Attachment } from '@carillon/client';
import { useRef } from 'react';
import { durationText } from '../text/quantities.ts';
import { Icon } from '../ui/icon.tsx';
import { FileLink } from './file-link.tsx';
import { usePlayback } from './use-playback.ts';
import './voice-player.css';

/** A voice message: play, pause, and a slider for the place in it. */
export function VoicePlayer({ attachment }: { readonly attachment: Attachment }) {
  const audio = useRef<HTMLAudioElement>(null);
  const { isPlaying, progress, positionMs, durationMs, hasFailed, toggle, seek } = usePlayback(audio, attachment.duration_ms);
  const isStarted = isPlaying || positionMs > 0;
  return (
    <div className="voice">
      {/* biome-ignore lint/a11y/useMediaCaption: voice messages come without captions */}
      <audio ref={audio} src={attachment.file_url} preload="none" />
      {hasFailed ? (
        <FileLink attachment={attachment} />
      ) : (
        <>
          <button type="button" className="voice__button" aria-label={isPlaying ? 'Pause' : 'Play voice message'} onClick={toggle}>
            <Icon name={isPlaying ? 'pause' : 'play'} isFilled={!isPlaying} />
          </button>
          <input
            className="voice__slider"
            type="range"
            min={0}
            max={1000}
            value={Math.round(progress * 1000)}
            aria-label="Place in the voice message"
            aria-valuetext={`${durationText(positionMs)} of ${durationText(durationMs)}`}
            onChange={(event) => seek(Number(event.target.value) / 1000)}
          />
          <span className="voice__time">{durationText(isStarted ? positionMs : durationMs)}</span>
        </>
      )}
    </div>
  );
}
