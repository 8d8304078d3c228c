import type { Message } from '@carillon/client';
import { clockTime } from '../text/times.ts';
import { visibleText } from '../text/visible-text.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { MessageActions } from './message-actions.tsx';
import { MessageContentView } from './message-content.tsx';
import './message-bubble.css';

type Props = {
  readonly message: Message;
  readonly chatId: string;
  readonly userId: string;
  readonly isGroup: boolean;
  readonly mayDeleteOthers: boolean;
  readonly startsGroup: boolean;
  readonly onEdit: (message: Message) => void;
};

/** A message that the server has: who, what, when, and what can be done with it. */
export function MessageBubble({ message, chatId, userId, isGroup, mayDeleteOthers, startsGroup, onEdit }: Props) {
  const isOwn = message.sender_id === userId;
  const isDeleted = message.deleted_at !== null;
  const sender = visibleText(message.sender_id);
  const isSenderShown = isGroup && !isOwn;
  return (
    <article className={isOwn ? 'message message--own' : 'message'} tabIndex={-1} data-seq={message.seq}>
      {isSenderShown && <span className="message__avatar">{startsGroup && <Avatar name={message.sender_id} size="small" />}</span>}
      <div className={bubbleClass(message)}>
        <p className={isSenderShown && startsGroup ? 'bubble__sender' : 'visually-hidden'}>{isOwn ? 'You' : sender}</p>
        {isDeleted ? <p className="bubble__deleted">Message deleted</p> : <MessageContentView content={message} />}
        <Foot message={message} isOwn={isOwn} />
      </div>
      {!isDeleted && (isOwn || mayDeleteOthers) && (
        <MessageActions message={message} chatId={chatId} mayEdit={isOwn && message.type === 'text'} onEdit={onEdit} />
      )}
    </article>
  );
}

function Foot({ message, isOwn }: { readonly message: Message; readonly isOwn: boolean }) {
  const { date, edited_at, deleted_at } = message;
  return (
    <p className="bubble__foot">
      {edited_at !== null && deleted_at === null && <span>edited</span>}
      <time dateTime={date}>{clockTime(date)}</time>
      {isOwn && (
        <span className="bubble__mark" title="Sent">
          <Icon name="check" />
          <span className="visually-hidden">Sent</span>
        </span>
      )}
    </p>
  );
}

function bubbleClass({ type, deleted_at }: Message): string {
  const isBare = (type === 'sticker' || type === 'circle_video') && deleted_at === null;
  return isBare ? 'bubble bubble--bare' : 'bubble';
}
