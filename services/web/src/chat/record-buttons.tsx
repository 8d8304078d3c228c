import type { OutgoingMessage } from '@carillon/client';
import { durationText } from '../text/quantities.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { useNotice } from '../ui/notices.tsx';
import { useNow } from '../ui/use-now.ts';
import { type RecordingKind, useRecorder } from './use-recorder.ts';
import './record-buttons.css';

/** Records a voice or a video message: one press starts, the next one sends. */
export function RecordButtons({ onRecorded }: { readonly onRecorded: (message: OutgoingMessage) => void }) {
  const notify = useNotice();
  const recorder = useRecorder({
    onRecorded: (kind, file) => onRecorded({ type: kind, files: [file] }),
    onRefused: (reason) => notify(reason),
  });
  const { recording } = recorder;
  const now = useNow(recording !== undefined);
  if (recording === undefined) {
    const start = (kind: RecordingKind) => () => void recorder.start(kind);
    return (
      <>
        <IconButton icon="camera" label="Record a video message" onClick={start('circle_video')} />
        <IconButton icon="microphone" label="Record a voice message" onClick={start('voice')} />
      </>
    );
  }
  return (
    <div className="recording">
      <span className="recording__time" role="timer">
        {durationText(now - recording.startedAtMs)}
      </span>
      <IconButton icon="close" label="Discard the recording" onClick={recorder.discard} />
      <IconButton icon="send" label="Send the recording" isPrimary onClick={recorder.finish} />
    </div>
  );
}
