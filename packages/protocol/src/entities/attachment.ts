import { z } from 'zod';
import { countSchema } from '../ids.ts';
import { fileUrlSchema } from './file-url.ts';
import { userText } from './text.ts';

export const attachmentTypes = ['image', 'video', 'file', 'voice', 'circle_video', 'sticker'] as const;

/** What belongs to every attachment beside its URL. */
const description = {
  type: z.enum(attachmentTypes),
  name: userText(1, 255).optional(),
  size_bytes: countSchema.optional(),
  mime_type: userText(1, 255).optional(),
  width: countSchema.optional(),
  height: countSchema.optional(),
  duration_ms: countSchema.optional(),
};

/** An attachment in an answer or event. */
export const attachmentSchema = z.object({ ...description, file_url: z.string() });

/** An attachment in a request: strict, with the rules of `file_url` [S4]. */
export function attachmentInputSchema(options: { allowLoopbackHttp: boolean }) {
  return z.strictObject({ ...description, file_url: fileUrlSchema(options) });
}

export type Attachment = z.infer<typeof attachmentSchema>;
