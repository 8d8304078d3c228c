import { removeMember } from '@carillon/store';
import type { ChatWrites } from '../chat-writes.ts';
import { requireOk } from '../require-ok.ts';
import { type ChatCommand, traced } from '../traced.ts';

type RemoveMemberCommand = ChatCommand & { readonly memberId: string };

/** Ends a membership: one's own, or another's by an admin or the owner [M6]. */
export async function endMembership(writes: ChatWrites, { chatId, userId, memberId, traceparent }: RemoveMemberCommand): Promise<void> {
  const input = { chatId, userId, memberId, ...traced(traceparent) };
  requireOk(await writes.write(chatId, (database) => removeMember(database, input)));
}
