import type { Fault } from '../app-error.ts';
import type { Attachment } from '../entities/attachment.ts';
import type { MessageType } from '../entities/message.ts';

/** What a message says, apart from who said it and when. */
export type MessageContent = { readonly type: MessageType; readonly text: string | null; readonly attachments: readonly Attachment[] };

const maxAttachments = 10;
const textAttachments: readonly Attachment['type'][] = ['image', 'video', 'file'];

/**
 * Every fault in the way a message's parts go together; empty when it is valid. The same rule for a new message and for the
 * result of an edit.
 */
export function messageFaults(content: MessageContent): Fault[] {
  return content.type === 'text' ? textFaults(content) : singleFaults(content);
}

function textFaults({ text, attachments }: MessageContent): Fault[] {
  const wrongType = attachments.flatMap((attachment, index) =>
    textAttachments.includes(attachment.type)
      ? []
      : [{ pointer: `/attachments/${index}/type`, detail: 'must be image, video or file in a message of type text' }],
  );
  if (attachments.length > maxAttachments) wrongType.push({ pointer: '/attachments', detail: `must have at most ${maxAttachments} items` });
  if (text === null && attachments.length === 0) return [{ pointer: '/text', detail: 'is required without attachments' }];
  return wrongType;
}

function singleFaults({ type, text, attachments }: MessageContent): Fault[] {
  const faults: Fault[] = [];
  if (text !== null) faults.push({ pointer: '/text', detail: `must be absent in a message of type ${type}` });
  if (attachments.length !== 1) faults.push({ pointer: '/attachments', detail: 'must have exactly 1 item' });
  for (const [index, attachment] of attachments.entries()) {
    if (attachment.type !== type) faults.push({ pointer: `/attachments/${index}/type`, detail: `must be ${type}` });
  }
  return faults;
}
