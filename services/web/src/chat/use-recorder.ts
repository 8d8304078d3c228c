import { useCallback, useEffect, useRef, useState } from 'react';

export type RecordingKind = 'voice' | 'circle_video';
type Recording = { readonly kind: RecordingKind; readonly startedAtMs: number };
type Active = { readonly recorder: MediaRecorder; isWanted: boolean };
type Options = {
  readonly onRecorded: (kind: RecordingKind, file: File) => void;
  readonly onRefused: (reason: string) => void;
};

/** A recording ends by itself after so long. */
const longestMs = 120_000;
const videoSide = 400;

/** The microphone, or camera and microphone, recorded into a file. Whatever happens, the devices are given back. */
export function useRecorder({ onRecorded, onRefused }: Options) {
  const [recording, setRecording] = useState<Recording>();
  const active = useRef<Active>(undefined);
  const end = useCallback((isWanted: boolean) => {
    if (active.current === undefined) return;
    active.current.isWanted = isWanted;
    if (active.current.recorder.state !== 'inactive') active.current.recorder.stop();
  }, []);
  useEffect(() => () => end(false), [end]);

  const start = async (kind: RecordingKind) => {
    if (active.current !== undefined) return;
    try {
      const stream = await navigator.mediaDevices.getUserMedia(devicesFor(kind));
      const recorder = new MediaRecorder(stream);
      const current: Active = { recorder, isWanted: false };
      const parts: Blob[] = [];
      const startedAtMs = Date.now();
      const limit = window.setTimeout(() => end(true), longestMs);
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.onstop = () => {
        window.clearTimeout(limit);
        for (const track of stream.getTracks()) track.stop();
        active.current = undefined;
        setRecording(undefined);
        if (current.isWanted) onRecorded(kind, fileOf(kind, parts, recorder.mimeType, Date.now() - startedAtMs));
      };
      active.current = current;
      recorder.start();
      setRecording({ kind, startedAtMs });
    } catch (error) {
      onRefused(`Cannot record: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return { recording, start, finish: () => end(true), discard: () => end(false) };
}

function devicesFor(kind: RecordingKind): MediaStreamConstraints {
  return kind === 'voice' ? { audio: true } : { audio: true, video: { width: videoSide, height: videoSide, facingMode: 'user' } };
}

/** The duration travels in the name: a recorded file does not know it. */
function fileOf(kind: RecordingKind, parts: readonly Blob[], type: string, ms: number): File {
  return new File([...parts], `${kind}-${Math.round(ms)}ms.webm`, { type: type.split(';')[0] || 'video/webm' });
}
