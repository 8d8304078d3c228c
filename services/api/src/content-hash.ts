import { createHash } from 'node:crypto';
import type { Attachment, MessageContent } from '@carillon/protocol';

/**
 * SHA-256 of a request's content in one canonical form: an honest retry is recognised whatever order its fields came in [H1].
 * The form is stored with the row: it must never change.
 */
export function messageHash({ type, text, attachments }: MessageContent): Buffer {
  return hash([type, text, attachments.map(attachmentForm)]);
}

/** The same for a new group. The order of the members does not matter. */
export function groupHash(group: { title: string; avatarUrl: string | null; memberIds: readonly string[] }): Buffer {
  return hash([group.title, group.avatarUrl, [...group.memberIds].sort()]);
}

function attachmentForm(attachment: Attachment): readonly unknown[] {
  const { type, file_url, name, size_bytes, mime_type, width, height, duration_ms } = attachment;
  return [type, file_url, name, size_bytes, mime_type, width, height, duration_ms].map((value) => value ?? null);
}

function hash(form: readonly unknown[]): Buffer {
  return createHash('sha256').update(JSON.stringify(form)).digest();
}
