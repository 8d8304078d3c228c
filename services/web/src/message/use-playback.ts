import { type RefObject, useEffect, useState } from 'react';

export type Playback = {
  readonly isPlaying: boolean;
  /** 0 to 1. */
  readonly progress: number;
  readonly positionMs: number;
  /** From the file once it is known, else as the sender told it. */
  readonly durationMs: number;
  readonly hasFailed: boolean;
  readonly toggle: () => void;
  readonly seek: (progress: number) => void;
};

/** What a player shows of its media element. */
export function usePlayback(media: RefObject<HTMLMediaElement | null>, toldMs: number | undefined): Playback {
  const [state, setState] = useState({ isPlaying: false, positionMs: 0, durationMs: toldMs ?? 0, hasFailed: false });
  useEffect(() => {
    const element = media.current;
    if (element === null) return;
    const look = () =>
      setState({
        isPlaying: !element.paused && !element.ended,
        positionMs: element.currentTime * 1000,
        durationMs: Number.isFinite(element.duration) ? element.duration * 1000 : (toldMs ?? 0),
        hasFailed: element.error !== null,
      });
    const names = ['play', 'pause', 'ended', 'timeupdate', 'loadedmetadata', 'error'];
    for (const name of names) element.addEventListener(name, look);
    return () => {
      for (const name of names) element.removeEventListener(name, look);
      element.pause();
    };
  }, [media, toldMs]);
  return {
    ...state,
    progress: state.durationMs > 0 ? Math.min(1, state.positionMs / state.durationMs) : 0,
    toggle: () => {
      const element = media.current;
      if (element === null) return;
      // A refusal to play shows as an error of the element.
      if (element.paused) void element.play().catch(() => undefined);
      else element.pause();
    },
    seek: (progress) => {
      const element = media.current;
      if (element !== null && state.durationMs > 0) element.currentTime = (progress * state.durationMs) / 1000;
    },
  };
}
