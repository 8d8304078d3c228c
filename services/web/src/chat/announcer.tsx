import type { Message } from '@carillon/client';
import { useEffect, useRef, useState } from 'react';
import { contentPreview } from '../overview/preview-text.ts';
import { visibleText } from '../text/visible-text.ts';

type Props = { readonly messages: readonly Message[]; readonly userId: string };

/** A screen reader is not flooded: what comes meanwhile is told as a number. */
const pauseMs = 2_000;

/** Tells screen readers what others write. History that is loaded is not told. */
export function Announcer({ messages, userId }: Props) {
  const [text, setText] = useState('');
  const newest = messages.at(-1)?.message_no ?? 0;
  const told = useRef(newest);
  const latest = useRef(messages);
  latest.current = messages;
  useEffect(() => {
    if (told.current === 0) told.current = newest;
    if (newest <= told.current) return;
    const timer = window.setTimeout(
      () => {
        const fresh = latest.current.filter((message) => message.message_no > told.current && message.sender_id !== userId);
        told.current = latest.current.at(-1)?.message_no ?? told.current;
        setText(announcement(fresh));
      },
      text === '' ? 0 : pauseMs,
    );
    return () => window.clearTimeout(timer);
  }, [newest, userId, text]);
  return (
    <p className="visually-hidden" aria-live="polite">
      {text}
    </p>
  );
}

function announcement(fresh: readonly Message[]): string {
  const [first] = fresh;
  if (first === undefined) return '';
  if (fresh.length > 1) return `${fresh.length} new messages`;
  return `${visibleText(first.sender_id)}: ${contentPreview(first)}`;
}
