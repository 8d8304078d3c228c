import type { PendingMessage } from '@carillon/client';
import { useChat } from '@carillon/client/react';
import { clockTime } from '../text/times.ts';
import { Icon } from '../ui/icon.tsx';
import { MessageContentView } from './message-content.tsx';
import './pending-bubble.css';

type Props = { readonly pending: PendingMessage; readonly chatId: string };

const words = { queued: 'Waiting to be sent', sending: 'Sending', sent: 'Sent', failed: 'Not sent' } as const;

/** One's own message before it is in the chat: waiting, on its way, or refused, with what can be done then. */
export function PendingBubble({ pending, chatId }: Props) {
  const { content, state, error, client_message_id: id } = pending;
  const chat = useChat(chatId);
  const isBare = content.type === 'sticker' || content.type === 'circle_video';
  const isUploading = (content.text ?? '') === '' && (content.attachments ?? []).length === 0;
  return (
    <article className="message message--own" tabIndex={-1} data-state={state}>
      <div className={['bubble', isBare && !isUploading ? 'bubble--bare' : '', state === 'failed' ? 'bubble--failed' : ''].join(' ')}>
        <p className="visually-hidden">You</p>
        {isUploading ? <p className="bubble__deleted">Uploading …</p> : <MessageContentView content={content} />}
        <p className="bubble__foot">
          <time dateTime={pending.date}>{clockTime(pending.date)}</time>
          <span className="bubble__mark" title={words[state]}>
            <Icon name={state === 'failed' ? 'warning' : state === 'sent' ? 'check' : 'clock'} />
            <span className="visually-hidden">{words[state]}</span>
          </span>
        </p>
        {state === 'failed' && (
          <div className="pending-bubble__failure" role="alert">
            <p>Not sent: {error?.detail}</p>
            <button type="button" className="chip" onClick={() => chat.retry(id)}>
              Try again
            </button>
            <button type="button" className="chip" onClick={() => chat.discard(id)}>
              Discard
            </button>
          </div>
        )}
      </div>
    </article>
  );
}
