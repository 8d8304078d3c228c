import { type Client, systemClock, type Ticket } from '@carillon/client';
import { createUserClient } from '../session/user-client.ts';
import { watchedFetch } from './watched-fetch.ts';
import { WatchedSockets } from './watched-socket.ts';
import { WireLog } from './wire-log.ts';

/** A user's client, and what the panel sees of it from outside: the SDK is the one that apps use. */
export type Side = { readonly userId: string; readonly client: Client; readonly log: WireLog; readonly sockets: WatchedSockets };

const sides = new WeakMap<Client, Side>();
const otherShardMs = 5_000;

type Apart = {
  readonly apartFrom: () => Client | undefined;
  /** Whoever is not waits until the other one has its shard. */
  readonly isFirst: boolean;
};

/** A watched client; `apart` keeps it off the other one's shard as long as there are two. */
export function createSide(userId: string, apart?: Apart): Side {
  const log = new WireLog(systemClock);
  const sockets = new WatchedSockets(log, systemClock);
  const getTicket = async ({ avoidShardId }: { avoidShardId: string | undefined }) => {
    const avoided = avoidShardId ?? (await shardToAvoid(apart));
    return side.client.request<Ticket>('POST', '/v1/tickets', { body: avoided === undefined ? {} : { avoid_shard_id: avoided } });
  };
  const parts = { WebSocket: sockets.WebSocket, fetch: watchedFetch(log, systemClock.nowMs) };
  const client = createUserClient(userId, apart === undefined ? parts : { ...parts, getTicket });
  const side: Side = { userId, client, log, sockets };
  sides.set(client, side);
  return side;
}

/** A tab's client, watched. */
export function createWatchedClient(userId: string): Client {
  return createSide(userId).client;
}

/** Undefined for a client that is not watched. */
export function sideOf(client: Client): Side | undefined {
  return sides.get(client);
}

/** The shard that holds this client's connection. */
export function shardOf(client: Client): string | undefined {
  const state = client.connection.getSnapshot();
  return state.kind === 'live' || state.kind === 'syncing' ? state.shardId : undefined;
}

async function shardToAvoid(apart: Apart | undefined): Promise<string | undefined> {
  const other = apart?.apartFrom();
  if (other === undefined) return undefined;
  if (shardOf(other) === undefined && apart?.isFirst === false) await firstShard(other);
  return shardOf(other);
}

function firstShard(client: Client): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      stop();
      resolve();
    };
    const cancel = systemClock.after(otherShardMs, done);
    const stop = client.connection.subscribe(() => {
      if (shardOf(client) !== undefined) done();
    });
  });
}
