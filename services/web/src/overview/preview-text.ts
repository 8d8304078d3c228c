import type { MessageContent, OverviewEntry } from '@carillon/client';
import { visibleText } from '../text/visible-text.ts';

const attachmentWords = {
  image: 'Photo',
  video: 'Video',
  file: 'File',
  voice: 'Voice message',
  circle_video: 'Video message',
  sticker: 'Sticker',
} as const;

/** A message in one line. */
export function contentPreview({ text, attachments = [] }: Pick<MessageContent, 'text' | 'attachments'>): string {
  if (typeof text === 'string' && text !== '') return visibleText(text.slice(0, 200));
  const [first] = attachments;
  if (first === undefined) return 'Message';
  const word = first.type === 'file' ? visibleText(first.name ?? 'File') : attachmentWords[first.type];
  return attachments.length > 1 ? `${word} and ${attachments.length - 1} more` : word;
}

/** A chat's last message in one line, with who sent it where that is not clear. */
export function chatPreview(chat: OverviewEntry, userId: string): string {
  const message = chat.last_message;
  if (message === null) return chat.kind === 'group' ? 'New group' : 'No messages yet';
  const text = message.deleted_at === null ? contentPreview(message) : 'Message deleted';
  if (message.sender_id === userId) return `You: ${text}`;
  return chat.kind === 'group' ? `${visibleText(message.sender_id)}: ${text}` : text;
}
