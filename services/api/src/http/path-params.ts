import { AppError, userIdSchema, uuidSchema } from '@carillon/protocol';
import type { z } from 'zod';

/**
 * The ids of a path, read where they are needed: after the body's faults were told. A malformed id is one that does not
 * exist: AppError('not_found') [H2].
 */
export type PathParams = { chatId(): string; messageId(): string; userId(): string };

export function pathParams(params: Readonly<Record<string, string>>): PathParams {
  return {
    chatId: () => read(uuidSchema, params['chat_id']),
    messageId: () => read(uuidSchema, params['message_id']),
    userId: () => read(userIdSchema, params['user_id']),
  };
}

function read(schema: z.ZodType<string>, value: string | undefined): string {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError('not_found');
}
