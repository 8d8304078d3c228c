import { AppError, type Chat, type CreateChat } from '@carillon/protocol';
import { createDirect, createGroup, type Database } from '@carillon/store';
import type { Relay } from '../chat-writes.ts';
import { groupHash } from '../content-hash.ts';
import { requireOk } from '../require-ok.ts';
import { traced } from '../traced.ts';

type CreateChatParts = { readonly database: Database; readonly relay: Relay; readonly newId: () => string; readonly maxMembers: number };

type CreateChatCommand = { readonly userId: string; readonly chat: CreateChat; readonly traceparent: string | undefined };

type Created = { readonly isNew: boolean; readonly chat: Chat };

/** Creates a group or a direct chat, or finds the one that this request made before [H1] [H6]. */
export async function createChat(parts: CreateChatParts, command: CreateChatCommand): Promise<Created> {
  const outcome = await (command.chat.kind === 'group' ? newGroup(parts, command, command.chat) : newDirect(parts, command, command.chat));
  if (outcome.isNew) parts.relay.poke(outcome.chat.id);
  return outcome;
}

async function newGroup(
  parts: CreateChatParts,
  command: CreateChatCommand,
  group: Extract<CreateChat, { kind: 'group' }>,
): Promise<Created> {
  const { userId, traceparent } = command;
  const content = { title: group.title, avatarUrl: group.avatar_url ?? null, memberIds: othersOf(group.member_ids, userId) };
  const outcome = await createGroup(parts.database, {
    chatId: parts.newId(),
    userId,
    clientChatId: group.client_chat_id ?? null,
    contentHash: groupHash(content),
    ...content,
    maxMembers: parts.maxMembers,
    ...traced(traceparent),
  });
  const { kind, chat } = requireOk(outcome);
  return { isNew: kind === 'created', chat };
}

async function newDirect(
  parts: CreateChatParts,
  command: CreateChatCommand,
  direct: Extract<CreateChat, { kind: 'direct' }>,
): Promise<Created> {
  const { userId, traceparent } = command;
  const [otherId, ...rest] = othersOf(direct.member_ids, userId);
  if (otherId === undefined || rest.length > 0) {
    throw new AppError('validation_failed', { faults: [{ pointer: '/member_ids', detail: 'must name exactly one other user' }] });
  }
  const chatId = parts.newId();
  const { kind, chat } = await createDirect(parts.database, { chatId, userId, otherId, ...traced(traceparent) });
  return { isNew: kind === 'created', chat };
}

function othersOf(memberIds: readonly string[], userId: string): string[] {
  return [...new Set(memberIds)].filter((memberId) => memberId !== userId);
}
