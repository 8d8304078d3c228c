import { useSyncExternalStore } from 'react';
import type { Side } from './side.ts';
import type { FrameEntry } from './wire-log.ts';
import './frames.css';

const maxShown = 40;
const arrows = { in: '↓', out: '↑', lost: '✕' } as const;

/** The last frames of the tab's sockets as they are, newest first. */
export function Frames({ side: { log } }: { readonly side: Side }) {
  const { frames } = useSyncExternalStore(log.subscribe, log.getSnapshot);
  return (
    <div className="frames">
      <h3 className="panel__heading">Raw frames</h3>
      <ol className="frames__list">
        {frames
          .slice(-maxShown)
          .toReversed()
          .map((frame) => (
            <FrameRow key={frame.number} frame={frame} />
          ))}
      </ol>
    </div>
  );
}

function FrameRow({ frame: { direction, text, atMs } }: { readonly frame: FrameEntry }) {
  return (
    <li>
      <details className={`frames__frame frames__frame--${direction}`}>
        <summary className="frames__summary">
          <span className="frames__arrow" role="img" aria-label={direction}>
            {arrows[direction]}
          </span>
          <time className="frames__time">{new Date(atMs).toISOString().slice(11, 23)}</time>
          <span className="frames__type">{typeOf(text)}</span>
          <span className="frames__size">{text.length} B</span>
        </summary>
        <pre className="frames__text">{indented(text)}</pre>
      </details>
    </li>
  );
}

function typeOf(text: string): string {
  const [, type = '?', event] = /^\{"type":"([a-z_]+)"(?:,"event":"([a-z.]+)")?/.exec(text) ?? [];
  const seq = /"seq":(\d+)/.exec(text)?.[1];
  return event === undefined ? type : `${event} #${seq}`;
}

/** A ticket in a frame is a credential, also in a demo that is filmed. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), (key, value: unknown) => (key === 'ticket' || key === 'token' ? '…' : value), 2);
  } catch {
    return text;
  }
}
