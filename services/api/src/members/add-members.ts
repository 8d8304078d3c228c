import type { AddedMembers } from '@carillon/protocol';
import { addMembers } from '@carillon/store';
import type { ChatWrites } from '../chat-writes.ts';
import { requireOk } from '../require-ok.ts';
import { type ChatCommand, traced } from '../traced.ts';

type AddMembersCommand = ChatCommand & { readonly userIds: readonly string[]; readonly maxMembers: number };

/** Makes users members of a group; answers all that were asked for, those who were members before too. */
export async function inviteMembers(writes: ChatWrites, command: AddMembersCommand): Promise<AddedMembers> {
  const { chatId, userId, userIds, maxMembers, traceparent } = command;
  const input = { chatId, userId, userIds: [...new Set(userIds)], maxMembers, ...traced(traceparent) };
  const { members } = requireOk(await writes.write(chatId, (database) => addMembers(database, input)));
  return { members };
}
