import type { ChatSnapshot, Message } from '@carillon/client';
import { useChat } from '@carillon/client/react';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { MessageRow } from '../message/message-row.tsx';
import { useAttempt } from '../ui/notices.tsx';
import { Announcer } from './announcer.tsx';
import { isPending, placeOf, rowKey, type TimelineRow } from './timeline-row.ts';
import { ToEndButton } from './to-end-button.tsx';
import { useIsPrepended } from './use-is-prepended.ts';
import { useReadMark } from './use-read-mark.ts';
import { useStickToEnd } from './use-stick-to-end.ts';
import './timeline.css';

type Props = {
  readonly snapshot: ChatSnapshot;
  readonly chatId: string;
  readonly userId: string;
  readonly onEdit: (message: Message) => void;
};

/** The room above the first row, as in `timeline.css`. */
const marginPx = 12;
/** History is asked for before its beginning is in view. */
const loadAheadPx = 1_200;

/** The open chat's messages, of which only those in view exist. Scrolling up loads history; the place of what is read stays. */
export function Timeline({ snapshot, chatId, userId, onEdit }: Props) {
  const { messages, pending, chat, hasOlder, isLoaded } = snapshot;
  const rows = useMemo((): readonly TimelineRow[] => (pending.length === 0 ? messages : [...messages, ...pending]), [messages, pending]);
  const list = useRef<VirtualizerHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const isPrepended = useIsPrepended(keysOf(rows, userId), scroller);
  const stick = useStickToEnd(scroller, rows.length);
  const unreadFrom = useUnreadFrom(snapshot);
  const loadOlder = useLoadOlder(chatId, hasOlder);
  useReadMark(chat, chatId, stick.isAtEnd && isLoaded);
  useFollowOwn(pending.at(-1)?.client_message_id, stick.scrollToEnd);

  const onScroll = (offset: number) => {
    stick.onScroll();
    if (offset < loadAheadPx) loadOlder();
  };
  const onResize = () => {
    stick.onResize();
    const { scrollOffset = 0, viewportSize = 0 } = list.current ?? {};
    if (viewportSize > 0 && scrollOffset < loadAheadPx) loadOlder();
  };
  return (
    <div className="timeline">
      {/* What is new is told by the announcer, not whatever scrolls into being. */}
      <div
        ref={scroller}
        className="timeline__scroller"
        role="log"
        aria-live="off"
        aria-label="Messages"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region is reached with the keyboard
        tabIndex={0}
        onKeyDown={moveFocus}
      >
        <div className="timeline__room" />
        {hasOlder || !isLoaded ? <p className="visually-hidden">Older messages load when you scroll up</p> : null}
        <Virtualizer
          ref={list}
          data={rows}
          as="ol"
          item="li"
          shift={isPrepended}
          startMargin={marginPx}
          // A screen beyond the one in view is measured: paging up, the last line read stays in view.
          bufferSize={window.innerHeight}
          onScroll={onScroll}
          onResize={onResize}
        >
          {(row, index) => (
            <MessageRow
              key={rowKey(row, userId)}
              row={row}
              userId={userId}
              chatId={chatId}
              isGroup={chat?.kind === 'group'}
              mayDeleteOthers={chat?.kind === 'group' && chat.my_role !== 'member'}
              isFirstUnread={!isPending(row) && isFirstUnread(row, rows[index - 1], unreadFrom)}
              onEdit={onEdit}
              {...placeOf(row, rows[index - 1], userId)}
            />
          )}
        </Virtualizer>
        {isLoaded && rows.length === 0 && <p className="timeline__empty">No messages yet. Say hello!</p>}
      </div>
      {!isLoaded && <p className="timeline__loading">Loading messages …</p>}
      <ToEndButton isShown={!stick.isAtEnd} unread={chat?.unread_count ?? 0} onClick={stick.scrollToEnd} />
      <Announcer messages={messages} userId={userId} />
    </div>
  );
}

function keysOf(rows: readonly TimelineRow[], userId: string) {
  const [first] = rows;
  return {
    first: first === undefined ? undefined : rowKey(first, userId),
    has: (key: string) => rows.some((row) => rowKey(row, userId) === key),
  };
}

/** The number of the first message that was unread when the chat was opened; it stays while the chat is open. */
function useUnreadFrom({ chat, isLoaded }: ChatSnapshot): number | undefined {
  const [from, setFrom] = useState<number | 'nothing'>();
  if (from === undefined && isLoaded && chat !== undefined) setFrom(chat.unread_count > 0 ? chat.read_message_no + 1 : 'nothing');
  return typeof from === 'number' ? from : undefined;
}

function isFirstUnread(message: Message, before: TimelineRow | undefined, from: number | undefined): boolean {
  if (from === undefined || message.message_no < from) return false;
  return before !== undefined && !isPending(before) && before.message_no < from;
}

/** Asks for the page before the window; the SDK takes care that only one is on its way. */
function useLoadOlder(chatId: string, hasOlder: boolean): () => void {
  const handle = useChat(chatId);
  const attempt = useAttempt();
  return useCallback(() => {
    if (hasOlder) void attempt(() => handle.loadOlder({ limit: 100 }));
  }, [handle, hasOlder, attempt]);
}

/** Whoever sends wants to see it. */
function useFollowOwn(newestPending: string | undefined, scrollToEnd: () => void): void {
  const last = useRef(newestPending);
  useEffect(() => {
    if (newestPending !== undefined && newestPending !== last.current) scrollToEnd();
    last.current = newestPending;
  }, [newestPending, scrollToEnd]);
}

/** Arrows go from message to message. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  const isUp = event.key === 'ArrowUp';
  const messages = [...event.currentTarget.querySelectorAll<HTMLElement>('.message')];
  const at = messages.findIndex((message) => message.contains(document.activeElement));
  const next = at === -1 ? messages.at(-1) : messages[at + (isUp ? -1 : 1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
