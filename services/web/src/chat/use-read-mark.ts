import type { OverviewEntry } from '@carillon/client';
import { useChat } from '@carillon/client/react';
import { useEffect, useState } from 'react';

/** Not oftener, however fast messages come. */
const pauseMs = 300;

/** What is in view is read: while the tab is looked at and the newest message is on the screen. */
export function useReadMark(chat: OverviewEntry | undefined, chatId: string, isAtEnd: boolean): void {
  const handle = useChat(chatId);
  const isVisible = useIsVisible();
  const hasUnread = (chat?.unread_count ?? 0) > 0;
  useEffect(() => {
    if (!isAtEnd || !isVisible || !hasUnread) return;
    const timer = window.setTimeout(() => handle.markRead(), pauseMs);
    return () => window.clearTimeout(timer);
  }, [handle, isAtEnd, isVisible, hasUnread]);
}

function useIsVisible(): boolean {
  const [isVisible, setIsVisible] = useState(() => document.visibilityState === 'visible');
  useEffect(() => {
    const look = () => setIsVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return isVisible;
}
