import type { MessageContent } from '@carillon/client';
import { AttachmentView } from './attachment-view.tsx';
import { MessageText } from './message-text.tsx';
import './message-content.css';

/** What a message says: its attachments, then its text. */
export function MessageContentView({ content }: { readonly content: Pick<MessageContent, 'text' | 'attachments'> }) {
  const { text, attachments = [] } = content;
  const isAlbum = attachments.length > 1 && attachments.every(({ type }) => type === 'image' || type === 'video');
  return (
    <>
      {attachments.length > 0 && (
        <div className={isAlbum ? 'content__attachments content__attachments--album' : 'content__attachments'}>
          {attachments.map((attachment, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a message may hold the same file twice, and its order never changes
            <AttachmentView key={`${index} ${attachment.file_url}`} attachment={attachment} />
          ))}
        </div>
      )}
      {typeof text === 'string' && text !== '' && <MessageText text={text} />}
    </>
  );
}
