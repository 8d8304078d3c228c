import type { Member, Role } from '@carillon/protocol';
import { updateMemberRole } from '@carillon/store';
import type { ChatWrites } from '../chat-writes.ts';
import { requireOk } from '../require-ok.ts';
import { type ChatCommand, traced } from '../traced.ts';

type UpdateMemberCommand = ChatCommand & { readonly memberId: string; readonly role: Role };

/** Gives a member a role: for the owner. Giving `owner` makes the giver an admin. */
export async function changeRole(writes: ChatWrites, command: UpdateMemberCommand): Promise<Member> {
  const { chatId, userId, memberId, role, traceparent } = command;
  const input = { chatId, userId, memberId, role, ...traced(traceparent) };
  return requireOk(await writes.write(chatId, (database) => updateMemberRole(database, input))).member;
}
