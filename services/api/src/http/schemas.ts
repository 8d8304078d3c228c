import {
  addedMembersSchema,
  addMembersSchema,
  chatSchema,
  createChatSchema,
  createDevTokenSchema,
  createTicketSchema,
  devTokenSchema,
  editMessageSchema,
  eventPageSchema,
  headsPageSchema,
  markReadSchema,
  memberPageSchema,
  memberSchema,
  messagePageSchema,
  messageSchema,
  overviewEntrySchema,
  overviewPageSchema,
  readPositionSchema,
  sendMessageSchema,
  syncPageSchema,
  ticketSchema,
  updateChatSchema,
  updateMemberSchema,
} from '@carillon/protocol';

/** Answers with their names in the OpenAPI document. */
export const answers = {
  chat: { name: 'Chat', schema: chatSchema },
  overviewEntry: { name: 'OverviewEntry', schema: overviewEntrySchema },
  overviewPage: { name: 'OverviewPage', schema: overviewPageSchema },
  member: { name: 'Member', schema: memberSchema },
  memberPage: { name: 'MemberPage', schema: memberPageSchema },
  addedMembers: { name: 'AddedMembers', schema: addedMembersSchema },
  message: { name: 'Message', schema: messageSchema },
  messagePage: { name: 'MessagePage', schema: messagePageSchema },
  eventPage: { name: 'EventPage', schema: eventPageSchema },
  readPosition: { name: 'ReadPosition', schema: readPositionSchema },
  syncPage: { name: 'SyncPage', schema: syncPageSchema },
  headsPage: { name: 'HeadsPage', schema: headsPageSchema },
  ticket: { name: 'Ticket', schema: ticketSchema },
  devToken: { name: 'DevToken', schema: devTokenSchema },
};

/** Bodies that are the same in every mode. */
export const bodies = {
  addMembers: { name: 'AddMembers', schema: addMembersSchema },
  updateMember: { name: 'UpdateMember', schema: updateMemberSchema },
  markRead: { name: 'MarkRead', schema: markReadSchema },
  createTicket: { name: 'CreateTicket', schema: createTicketSchema },
  createDevToken: { name: 'CreateDevToken', schema: createDevTokenSchema },
};

/** Bodies with URLs: development lets them be those of a loopback server [S4]. */
export function bodiesWithUrls(rules: UrlRules) {
  return {
    createChat: { name: 'CreateChat', schema: createChatSchema(rules) },
    updateChat: { name: 'UpdateChat', schema: updateChatSchema(rules) },
    sendMessage: { name: 'SendMessage', schema: sendMessageSchema(rules) },
    editMessage: { name: 'EditMessage', schema: editMessageSchema(rules) },
  };
}

export type UrlRules = { readonly allowLoopbackHttp: boolean };
