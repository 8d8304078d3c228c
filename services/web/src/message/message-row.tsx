import type { Message } from '@carillon/client';
import { memo } from 'react';
import { isPending, type RowPlace, type TimelineRow } from '../chat/timeline-row.ts';
import { dayName } from '../text/times.ts';
import { MessageBubble } from './message-bubble.tsx';
import { PendingBubble } from './pending-bubble.tsx';
import './message-row.css';

type Props = RowPlace & {
  readonly row: TimelineRow;
  readonly chatId: string;
  readonly userId: string;
  readonly isGroup: boolean;
  readonly mayDeleteOthers: boolean;
  readonly isFirstUnread: boolean;
  readonly onEdit: (message: Message) => void;
};

/** A message with what stands above it: a day's heading, the line before the first unread one. Rendered again only when it changes. */
export const MessageRow = memo(function MessageRow({ row, startsDay, startsGroup, isFirstUnread, ...rest }: Props) {
  return (
    <div className={startsGroup ? 'message-row message-row--starts-group' : 'message-row'}>
      {startsDay && (
        <h3 className="message-row__day">
          <time dateTime={row.date}>{dayName(row.date)}</time>
        </h3>
      )}
      {isFirstUnread && <p className="message-row__unread">New messages</p>}
      {isPending(row) ? (
        <PendingBubble pending={row} chatId={rest.chatId} />
      ) : (
        <MessageBubble message={row} startsGroup={startsGroup || isFirstUnread} {...rest} />
      )}
    </div>
  );
});
