import type { Operation } from '../operation.ts';
import { addMembersRoute } from './add-members.ts';
import { createChatRoute } from './create-chat.ts';
import { createDevTokenRoute } from './create-dev-token.ts';
import { createTicketRoute } from './create-ticket.ts';
import { deleteChatRoute } from './delete-chat.ts';
import { deleteMessageRoute } from './delete-message.ts';
import { editMessageRoute } from './edit-message.ts';
import { listChatsRoute } from './list-chats.ts';
import { listEventsRoute } from './list-events.ts';
import { listMembersRoute } from './list-members.ts';
import { listMessagesRoute } from './list-messages.ts';
import { markReadRoute } from './mark-read.ts';
import { readChatRoute } from './read-chat.ts';
import { readHeadsRoute } from './read-heads.ts';
import { readMessageRoute } from './read-message.ts';
import { readSyncRoute } from './read-sync.ts';
import { removeMemberRoute } from './remove-member.ts';
import type { RouteParts } from './route-parts.ts';
import { sendMessageRoute } from './send-message.ts';
import { updateChatRoute } from './update-chat.ts';
import { updateMemberRoute } from './update-member.ts';

/** Every operation of the API, in the contract's order. */
export function operations(parts: RouteParts): Operation[] {
  const routes = [
    createChatRoute,
    listChatsRoute,
    readChatRoute,
    updateChatRoute,
    deleteChatRoute,
    listMembersRoute,
    addMembersRoute,
    updateMemberRoute,
    removeMemberRoute,
    sendMessageRoute,
    listMessagesRoute,
    readMessageRoute,
    editMessageRoute,
    deleteMessageRoute,
    listEventsRoute,
    markReadRoute,
    readSyncRoute,
    readHeadsRoute,
    createTicketRoute,
  ];
  const { devTokens } = parts;
  return [...routes.map((route) => route(parts)), ...(devTokens === undefined ? [] : [createDevTokenRoute(devTokens)])];
}
