import type { ConnectionState, Status } from '@carillon/client';
import { useConnection, useOverview } from '@carillon/client/react';
import { useNow } from '../ui/use-now.ts';
import { useIsOnline } from './use-is-online.ts';
import './connection-pill.css';

type Look = { readonly tone: 'good' | 'busy' | 'bad'; readonly text: string; readonly title: string };

/** How much the screen can be trusted: live, catching up, or offline and since when. Changes are told politely. */
export function ConnectionPill() {
  const connection = useConnection();
  const { status } = useOverview();
  const now = useNow(connection.kind === 'waiting');
  const isOnline = useIsOnline();
  const { tone, text, title } = isOnline ? lookOf(connection, status, now) : offline;
  return (
    <p className={`connection-pill connection-pill--${tone}`} title={title}>
      <span className="connection-pill__dot" aria-hidden="true" />
      <span role="status">{text}</span>
      {connection.kind === 'waiting' && <span className="connection-pill__wait">{waitText(connection.untilMs - now)}</span>}
    </p>
  );
}

/** The browser knows before the connection's silence does. */
const offline: Look = { tone: 'bad', text: 'Offline', title: 'This computer has no network' };

function lookOf(connection: ConnectionState, status: Status, now: number): Look {
  if (connection.kind === 'closed') return { tone: 'bad', text: 'Disconnected', title: closedTitle(connection) };
  if (typeof status === 'object' && connection.kind === 'waiting') {
    const seconds = Math.round((now - status.stale.since) / 1000);
    return { tone: 'bad', text: 'Offline', title: `What you see is ${seconds} s old` };
  }
  if (connection.kind === 'live') {
    const degraded = connection.isDegraded ? ', looking every few seconds' : '';
    return { tone: 'good', text: 'Live', title: `Connected to ${connection.shardId}${degraded}` };
  }
  if (connection.kind === 'syncing') return { tone: 'busy', text: 'Catching up', title: `Connected to ${connection.shardId}` };
  return { tone: 'busy', text: 'Connecting', title: 'A connection is on its way' };
}

function closedTitle({ reason }: Extract<ConnectionState, { kind: 'closed' }>): string {
  return typeof reason === 'string' ? reason.replaceAll('_', ' ') : `${reason.code} ${reason.reason}`;
}

function waitText(ms: number): string {
  return ms < 1_000 ? 'trying …' : `again in ${Math.ceil(ms / 1000)} s`;
}
