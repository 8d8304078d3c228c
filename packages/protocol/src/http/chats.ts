import { z } from 'zod';
import { overviewEntrySchema } from '../entities/chat.ts';
import { fileUrlSchema } from '../entities/file-url.ts';
import { userText } from '../entities/text.ts';
import { clientIdSchema, userIdSchema } from '../ids.ts';
import { nextCursorSchema } from './paging.ts';

type UrlRules = { allowLoopbackHttp: boolean };

const titleSchema = userText(1, 200).describe('1 to 200 characters.');

/** A request names at most so many users. */
export const maxUserIds = 1000;

/** `POST /v1/chats`. Duplicates and the caller in `member_ids` are ignored. */
export function createChatSchema(rules: UrlRules) {
  const group = z.strictObject({
    kind: z.literal('group'),
    client_chat_id: clientIdSchema.optional(),
    title: titleSchema,
    avatar_url: fileUrlSchema(rules).nullable().optional(),
    member_ids: z.array(userIdSchema).max(maxUserIds),
  });
  const direct = z.strictObject({
    kind: z.literal('direct'),
    member_ids: z.array(userIdSchema).min(1).max(maxUserIds).describe('The other user.'),
  });
  const ofAnyKind = group.partial({ title: true }).extend({ kind: z.unknown() });
  return z.discriminatedUnion('kind', [group, direct]).superRefine(
    (chat, context) => {
      for (const issue of ofAnyKind.safeParse(chat).error?.issues ?? []) context.addIssue({ ...issue });
    },
    { when: ({ issues }) => issues.some(({ path }) => path?.[0] === 'kind') },
  );
}

/** `PATCH /v1/chats/{chat_id}`: at least one field. */
export function updateChatSchema(rules: UrlRules) {
  return z
    .strictObject({ title: titleSchema.optional(), avatar_url: fileUrlSchema(rules).nullable().optional() })
    .refine((change) => change.title !== undefined || change.avatar_url !== undefined, 'must have title or avatar_url');
}

/** `GET /v1/chats`. */
export const overviewPageSchema = z.object({
  chats: z.array(overviewEntrySchema),
  next_cursor: nextCursorSchema,
  sync_cursor: z.string().describe('Opaque: what `/v1/sync` and `/v1/heads` begin with. The same on every page.'),
});

export type CreateChat = z.output<ReturnType<typeof createChatSchema>>;
export type UpdateChat = z.output<ReturnType<typeof updateChatSchema>>;
export type OverviewPage = z.output<typeof overviewPageSchema>;
