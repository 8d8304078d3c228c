import { useEffect, useRef, useState } from 'react';
import { useNow } from '../ui/use-now.ts';
import { type FaultKind, type FaultState, runFault } from './fault-run.ts';
import type { Side } from './side.ts';
import './faults.css';

type Props = { readonly sides: readonly Side[]; readonly chatId: string | undefined };

const faults: readonly (readonly [kind: FaultKind, label: string, does: string])[] = [
  ['cut', 'Cut my socket', 'The connection ends without a word'],
  ['kill', 'Kill my shard', 'Dies with all it holds, back after 3 s'],
  ['pause', 'Pause delivery', 'My partition waits in the log for 10 s'],
  ['lose', 'Lose every third frame', 'For 6 s, behind the SDK’s back'],
];

/** The faults of the first side. One at a time; each ends by itself, and then it is seen whether all is repaired. */
export function Faults({ sides, chatId }: Props) {
  const [state, setState] = useState<FaultState>({ kind: 'idle' });
  const [isWriting, setIsWriting] = useState(true);
  const run = useRef<AbortController>(undefined);
  useEffect(() => () => run.current?.abort(), []);
  const isRunning = state.kind === 'disturbing' || state.kind === 'repairing';
  const start = (kind: FaultKind) => {
    if (chatId === undefined || isRunning) return;
    run.current = new AbortController();
    void runFault(kind, { sides, chatId, isWriting, signal: run.current.signal, onState: setState });
  };
  return (
    <div className="faults">
      <h3 className="panel__heading">Disturb {sides[0]?.userId}’s tab</h3>
      <div className="faults__buttons">
        {faults.map(([kind, label, does]) => (
          <button
            key={kind}
            type="button"
            className="faults__button"
            disabled={chatId === undefined || isRunning}
            aria-busy={isRunning && state.fault === kind}
            onClick={() => start(kind)}
          >
            <span className="faults__label">{label}</span>
            <span className="faults__does">{does}</span>
          </button>
        ))}
      </div>
      <label className="faults__writing">
        <input type="checkbox" checked={isWriting} onChange={(event) => setIsWriting(event.target.checked)} />
        {sides.length > 1 ? 'Both write meanwhile' : 'Write meanwhile'}
      </label>
      <FaultLine state={state} isChatOpen={chatId !== undefined} />
    </div>
  );
}

function FaultLine({ state, isChatOpen }: { readonly state: FaultState; readonly isChatOpen: boolean }) {
  const now = useNow(state.kind === 'disturbing' || state.kind === 'repairing');
  const text = isChatOpen ? textOf(state, now) : 'Open a chat first';
  return (
    <p className={`faults__line faults__line--${state.kind}`} role="status">
      {text}
    </p>
  );
}

function textOf(state: FaultState, now: number): string {
  switch (state.kind) {
    case 'idle':
      return 'Nothing disturbed yet';
    case 'disturbing':
      return `Disturbing … ${Math.max(0, Math.ceil((state.untilMs - now) / 1000))} s`;
    case 'repairing':
      return `Repairing: ${state.reasons.join(', ')}${state.fault === 'lose' ? '; a lost last frame is told by the next heartbeat' : ''}`;
    case 'repaired':
      return `Repaired ${state.tookMs < 100 ? 'at once' : `after ${(state.tookMs / 1000).toFixed(1)} s`}: ${state.messages} messages are equal`;
    case 'failed':
      return `Not repaired: ${state.reason}`;
  }
}
