import { useCallback, useSyncExternalStore } from 'react';
import { demoApi } from './demo-api.ts';
import { type Side, shardOf } from './side.ts';
import { usePolled } from './use-polled.ts';
import './places.css';

const everyMs = 1_000;
const nobody = () => () => undefined;

/** The shards, and for each tab which one holds it and which one owns its user's partition. */
export function Places({ sides }: { readonly sides: readonly Side[] }) {
  return (
    <div className="places">
      {sides[0] !== undefined && <Shards side={sides[0]} />}
      {sides.map((side) => (
        <Placement key={side.userId} side={side} />
      ))}
      <SameShard sides={sides} />
    </div>
  );
}

function usePlace(userId: string) {
  return usePolled(
    useCallback(() => demoApi.place(userId), [userId]),
    everyMs,
  );
}

function Shards({ side }: { readonly side: Side }) {
  const { value: place } = usePlace(side.userId);
  return (
    <ul className="places__shards">
      {(place?.shards ?? []).map(({ shard_id, is_up, partitions }) => (
        <li key={shard_id} className={is_up ? 'places__one' : 'places__one places__one--down'}>
          <span className="places__shard">{shard_id}</span>
          {is_up ? `up, ${partitions} partitions` : 'down, its lease lapses'}
        </li>
      ))}
    </ul>
  );
}

/** After a shard died its tabs are with the other one. Whoever connects next goes apart again. */
function SameShard({ sides: [first, second] }: { readonly sides: readonly Side[] }) {
  const held = useShard(first);
  const other = useShard(second);
  if (held === undefined || held !== other) return null;
  return <p className="places__note">One shard holds both tabs: cut the socket, and it goes to the other one</p>;
}

function useShard(side: Side | undefined): string | undefined {
  return useSyncExternalStore(side?.client.connection.subscribe ?? nobody, () => side && shardOf(side.client));
}

function Placement({ side: { userId, client } }: { readonly side: Side }) {
  const state = useSyncExternalStore(client.connection.subscribe, client.connection.getSnapshot);
  const held = shardOf(client);
  const { value: place, error } = usePlace(userId);
  const owner = place?.owner_shard_id ?? undefined;
  const isOwnerUp = place?.shards.find(({ shard_id }) => shard_id === owner)?.is_up ?? false;
  return (
    <div className="places__side">
      <dl className="places__pair">
        <div>
          <dt>{userId}’s tab</dt>
          <dd>
            <ShardName id={held} isUp={held !== undefined} otherwise={state.kind} />
          </dd>
        </div>
        <div>
          <dt>Partition {place === undefined ? '' : `${place.partition} of ${place.partition_count}`}</dt>
          <dd>
            <ShardName id={owner} isUp={isOwnerUp} otherwise={error ?? '…'} />
          </dd>
        </div>
      </dl>
      {held !== undefined && isOwnerUp && held !== owner && <p className="places__note">The owner forwards to the tab’s shard</p>}
    </div>
  );
}

function ShardName({ id, isUp, otherwise }: { readonly id: string | undefined; readonly isUp: boolean; readonly otherwise: string }) {
  if (id === undefined) return <span className="places__shard places__shard--none">{otherwise}</span>;
  return <span className={isUp ? 'places__shard' : 'places__shard places__shard--down'}>{isUp ? id : `${id} is down`}</span>;
}
