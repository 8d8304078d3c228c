import { useSyncExternalStore } from 'react';
import type { Way } from './demo-api.ts';
import type { Side } from './side.ts';
import { type Stage, type StageName, stagesOf, totalMs } from './stages.ts';
import type { Polled } from './use-polled.ts';
import type { Arrival } from './wire-log.ts';
import './ways.css';

type Props = {
  readonly side: Side;
  /** All that write on this page: only they know when a message left. */
  readonly sides: readonly Side[];
  readonly chatId: string | undefined;
  readonly ways: Polled<ReadonlyMap<string, Way>>;
};

const maxShown = 12;
const names: Readonly<Record<StageName, string>> = {
  api: 'API → Postgres',
  log: 'Postgres → Kafka',
  shard: 'Kafka → shard',
  tab: 'shard → tab',
};

/** The way of the chat's last events to this tab, newest first. */
export function Ways({ side, sides, chatId, ways }: Props) {
  useSyncExternalStore(side.log.subscribe, side.log.getSnapshot);
  const shown = [...(ways.value?.values() ?? [])].filter((way) => chatId === undefined || way.chat_id === chatId).slice(-maxShown);
  return (
    <div className="ways">
      <h3 className="panel__heading">The way of the last messages</h3>
      <ul className="ways__legend">
        {Object.entries(names).map(([name, text]) => (
          <li key={name} className={`ways__key ways__key--${name}`}>
            {text}
          </li>
        ))}
      </ul>
      {ways.error !== undefined && <p className="ways__empty">{ways.error}</p>}
      {ways.error === undefined && shown.length === 0 && <p className="ways__empty">Write something</p>}
      <ol className="ways__list">
        {shown.toReversed().map((way) => (
          <WayRow key={`${way.chat_id} ${way.seq}`} way={way} arrival={arrivalOf(way, side, sides)} />
        ))}
      </ol>
    </div>
  );
}

function arrivalOf({ chat_id, seq }: Way, side: Side, sides: readonly Side[]): Arrival | undefined {
  const sentAtMs = sides.map(({ log }) => log.arrival(chat_id, seq)?.sentAtMs).find((found) => found !== undefined);
  return { ...side.log.arrival(chat_id, seq), ...(sentAtMs === undefined ? {} : { sentAtMs }) };
}

function WayRow({ way, arrival }: { readonly way: Way; readonly arrival: Arrival | undefined }) {
  const total = totalMs(way, arrival);
  return (
    <li className="ways__row">
      <p className="ways__line">
        <span className="ways__event">
          #{way.seq} {way.event}
        </span>
        <span className="ways__total">{totalText(total, arrival)}</span>
      </p>
      <div className="ways__bar">
        {stagesOf(way, arrival).map((stage) => (
          <StageBar key={stage.name} stage={stage} />
        ))}
      </div>
      <p className="ways__place">
        {way.offset === null ? `partition ${way.partition}, waits in the log` : `partition ${way.partition}, offset ${way.offset}`}
        {way.shard_id !== null && ` → ${way.shard_id}`}
        {way.readings > 1 && ` (read ${way.readings} times)`}
      </p>
    </li>
  );
}

/** A push that came behind the answer that brought the event is in the bar all the same. */
function totalText(total: number | undefined, arrival: Arrival | undefined): string {
  if (total === undefined) return 'on its way';
  return arrival?.by === 'http' ? `fetched after ${total} ms` : `${total} ms`;
}

/** A stage's share of the bar grows with its time, but none hides the others. */
function StageBar({ stage: { name, ms } }: { readonly stage: Stage }) {
  if (ms === undefined) return <span className="ways__stage ways__stage--unknown" title={`${names[name]}: not seen`} />;
  return (
    <span className={`ways__stage ways__stage--${name}`} style={{ flexGrow: Math.sqrt(ms + 1) }} title={`${names[name]}: ${ms} ms`}>
      {ms}
    </span>
  );
}
