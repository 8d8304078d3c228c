import type { Client } from '@carillon/client';
import { useConnection } from '@carillon/client/react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ChatScreen } from '../chat/chat-screen.tsx';
import { UserSession } from '../session/user-session.tsx';
import { ConnectionPill } from '../shell/connection-pill.tsx';
import { Avatar } from '../ui/avatar.tsx';
import { Notices } from '../ui/notices.tsx';
import { Panel } from './panel.tsx';
import { createSide, type Side, sideOf } from './side.ts';
import './side-by-side.css';

type Props = { readonly userId: string; readonly otherId: string };

/** Two users on one page, each with a client of their own, on two shards where there are two; and the panel about both. */
export function SideBySide({ userId, otherId }: Props) {
  const clients = useRef<{ left?: Client; right?: Client }>({});
  const [left, setLeft] = useState<Side>();
  const [right, setRight] = useState<Side>();
  const createLeft = useCallback((id: string) => {
    const side = createSide(id, { apartFrom: () => clients.current.right, isFirst: true });
    clients.current.left = side.client;
    setLeft(side);
    return side.client;
  }, []);
  const createRight = useCallback((id: string) => {
    const side = createSide(id, { apartFrom: () => clients.current.left, isFirst: false });
    clients.current.right = side.client;
    setRight(side);
    return side.client;
  }, []);
  const chatId = useDirectChat(left?.client, otherId);
  const sides = useMemo(() => [left, right].filter((side) => side !== undefined), [left, right]);
  const close = () => globalThis.location.assign(`/?${new URLSearchParams({ user: userId })}`);
  return (
    <Notices>
      <main className="side-by-side">
        <UserSession userId={userId} create={createLeft}>
          <Pane userId={userId} chatId={chatId} onClose={close} />
        </UserSession>
        <UserSession userId={otherId} create={createRight}>
          <Pane userId={otherId} chatId={chatId} onClose={close} />
        </UserSession>
        <div className="side-by-side__panel">{sides.length === 2 && <Panel sides={sides} chatId={chatId} onClose={close} />}</div>
      </main>
    </Notices>
  );
}

type PaneProps = { readonly userId: string; readonly chatId: string | undefined; readonly onClose: () => void };

function Pane({ userId, chatId, onClose }: PaneProps) {
  const connection = useConnection();
  const shardId = connection.kind === 'live' || connection.kind === 'syncing' ? connection.shardId : undefined;
  return (
    <section className="side-by-side__pane" aria-label={userId}>
      <header className="side-by-side__who">
        <Avatar name={userId} size="small" />
        <h1 className="side-by-side__name">{userId}</h1>
        {shardId !== undefined && <span className="side-by-side__shard">{shardId}</span>}
        <ConnectionPill />
      </header>
      <div className="side-by-side__chat">{chatId !== undefined && <ChatScreen chatId={chatId} userId={userId} onClose={onClose} />}</div>
    </section>
  );
}

const retryMs = 1_000;

/** The chat of the two, new or not. Tried until there is one. */
function useDirectChat(client: Client | undefined, otherId: string): string | undefined {
  const [chatId, setChatId] = useState<string>();
  useEffect(() => {
    if (client === undefined || sideOf(client) === undefined) return;
    let timer = 0;
    let isGone = false;
    const ask = () =>
      client.createDirect(otherId).then(
        ({ id }) => isGone || setChatId(id),
        () => {
          if (!isGone) timer = window.setTimeout(() => void ask(), retryMs);
        },
      );
    void ask();
    return () => {
      isGone = true;
      window.clearTimeout(timer);
    };
  }, [client, otherId]);
  return chatId;
}
