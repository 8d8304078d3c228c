import type { OverviewEntry, Status } from '@carillon/client';
import { countText } from '../text/quantities.ts';
import { Avatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { useChatName } from './chat-name.ts';
import './chat-header.css';

type Props = {
  readonly chat: OverviewEntry | undefined;
  readonly status: Status;
  readonly userId: string;
  readonly hasDetails: boolean;
  readonly onBack: () => void;
  readonly onDetails: () => void;
};

/** The chat's name, and whether what is shown below is complete. */
export function ChatHeader({ chat, status, userId, hasDetails, onBack, onDetails }: Props) {
  return (
    <header className="chat-header">
      <IconButton icon="back" label="Back to your chats" className="chat-header__back" onClick={onBack} />
      {chat !== undefined && <Heading chat={chat} status={status} userId={userId} />}
      <IconButton icon="people" label="Details" aria-expanded={hasDetails} disabled={chat === undefined} onClick={onDetails} />
    </header>
  );
}

function Heading({ chat, status, userId }: { readonly chat: OverviewEntry; readonly status: Status; readonly userId: string }) {
  const name = useChatName(chat, userId);
  return (
    <>
      <Avatar name={name} url={chat.avatar_url} />
      <div className="chat-header__lines">
        <h2 className="chat-header__name">{name}</h2>
        <p className="chat-header__line">
          {statusText(status) ?? (chat.kind === 'group' ? countText(chat.member_count, 'member') : 'Direct chat')}
        </p>
      </div>
    </>
  );
}

function statusText(status: Status): string | undefined {
  if (status === 'live') return undefined;
  return status === 'catching_up' ? 'Catching up …' : 'Offline: what you write is sent later';
}
