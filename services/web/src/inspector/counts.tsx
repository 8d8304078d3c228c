import { useSyncExternalStore } from 'react';
import type { Side } from './side.ts';
import type { WireSnapshot } from './wire-log.ts';
import './counts.css';

const rows: readonly (readonly [label: string, title: string, count: (snapshot: WireSnapshot) => number])[] = [
  ['Pushed', 'Events that came by the socket', ({ counts }) => counts.pushed],
  ['Lost', 'Frames that the fault kept from the SDK', ({ counts }) => counts.lost],
  ['Fetched', 'Events that no push brought, fetched by HTTP', ({ counts }) => counts.fetched],
  ['Doubles', 'Events that were pushed again, and dropped', ({ counts }) => counts.duplicates],
  ['Gaps', 'Events that are still missing before others', ({ holes }) => holes],
  ['Connects', 'Connections that were opened', ({ counts }) => counts.connects],
];

/** What the SDK had to repair since the last fault began, or the page did. */
export function Counts({ sides }: { readonly sides: readonly Side[] }) {
  return (
    <table className="counts">
      <caption className="visually-hidden">What came, and what had to be repaired</caption>
      <thead>
        <tr>
          <td />
          {rows.map(([label, title]) => (
            <th key={label} scope="col" title={title}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {sides.map((side) => (
          <CountsRow key={side.userId} side={side} />
        ))}
      </tbody>
    </table>
  );
}

function CountsRow({ side: { userId, log } }: { readonly side: Side }) {
  const snapshot = useSyncExternalStore(log.subscribe, log.getSnapshot);
  return (
    <tr data-user={userId}>
      <th scope="row">{userId}</th>
      {rows.map(([label, , count]) => (
        <td key={label} className={label === 'Gaps' && count(snapshot) > 0 ? 'counts__open' : undefined}>
          {count(snapshot)}
        </td>
      ))}
    </tr>
  );
}
