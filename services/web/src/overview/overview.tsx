import type { OverviewEntry } from '@carillon/client';
import { useOverview } from '@carillon/client/react';
import { useMemo, useState } from 'react';
import { Virtualizer } from 'virtua';
import { Icon } from '../ui/icon.tsx';
import { ChatRow } from './chat-row.tsx';
import './overview.css';

type Props = { readonly userId: string; readonly openChatId: string | undefined; readonly onOpen: (chatId: string) => void };

/** The user's chats, newest activity first, and a field that narrows them down. Only the rows in view exist. */
export function Overview({ userId, openChatId, onOpen }: Props) {
  const { chats, isLoaded } = useOverview();
  const [filter, setFilter] = useState('');
  const shown = useMemo(() => matching(chats, filter), [chats, filter]);
  return (
    <nav className="overview" aria-label="Chats">
      <label className="overview__search">
        <Icon name="search" />
        <span className="visually-hidden">Find a chat</span>
        <input
          className="overview__field"
          type="search"
          placeholder="Find a chat"
          value={filter}
          onChange={(e) => setFilter(e.target.value)}
        />
      </label>
      <div className="overview__scroller">
        <Virtualizer data={shown} as="ul" item="li">
          {(chat) => <ChatRow key={chat.id} chat={chat} userId={userId} isOpen={chat.id === openChatId} onOpen={onOpen} />}
        </Virtualizer>
        {shown.length === 0 && <p className="overview__empty">{emptyText(isLoaded, filter)}</p>}
      </div>
    </nav>
  );
}

function matching(chats: readonly OverviewEntry[], filter: string): readonly OverviewEntry[] {
  const wanted = filter.trim().toLocaleLowerCase();
  if (wanted === '') return chats;
  return chats.filter(({ title, created_by, last_message }) =>
    [title, title === null ? created_by : null, title === null ? last_message?.sender_id : null, last_message?.text].some((text) =>
      text?.toLocaleLowerCase().includes(wanted),
    ),
  );
}

function emptyText(isLoaded: boolean, filter: string): string {
  if (!isLoaded) return 'Loading your chats …';
  return filter === '' ? 'No chats yet. Start one with +' : 'No chat matches';
}
