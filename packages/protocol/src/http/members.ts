import { z } from 'zod';
import { memberSchema, roleSchema } from '../entities/member.ts';
import { countSchema, userIdSchema } from '../ids.ts';
import { maxUserIds } from './chats.ts';
import { nextCursorSchema } from './paging.ts';

/** `POST /v1/chats/{chat_id}/members`. Duplicates and users who are members already change nothing. */
export const addMembersSchema = z.strictObject({ user_ids: z.array(userIdSchema).min(1).max(maxUserIds) });

/** `PATCH /v1/chats/{chat_id}/members/{user_id}`. */
export const updateMemberSchema = z.strictObject({ role: roleSchema });

/** `GET /v1/chats/{chat_id}/members`. Over several pages the lowest `seq` counts. */
export const memberPageSchema = z.object({ members: z.array(memberSchema), seq: countSchema, next_cursor: nextCursorSchema });

/** The answer to adding members: all that were asked for. */
export const addedMembersSchema = z.object({ members: z.array(memberSchema) });

export type AddMembers = z.output<typeof addMembersSchema>;
export type UpdateMember = z.output<typeof updateMemberSchema>;
export type MemberPage = z.output<typeof memberPageSchema>;
export type AddedMembers = z.output<typeof addedMembersSchema>;
