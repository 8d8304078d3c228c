export { AppError, type Fault } from './app-error.ts';
export {
  type AuthFrame,
  authFrameSchema,
  type ClientFrame,
  clientFrameSchema,
  type PingFrame,
  pingFrameSchema,
} from './client-frames/client-frame.ts';
export { type CloseName, closeCodes, mayReconnect } from './close-codes.ts';
export { type Attachment, attachmentInputSchema, attachmentSchema, attachmentTypes } from './entities/attachment.ts';
export { type Chat, chatSchema, type OverviewEntry, overviewEntrySchema } from './entities/chat.ts';
export { fileUrlSchema, parseFileUrl } from './entities/file-url.ts';
export { type Member, memberSchema, type Role, roleSchema } from './entities/member.ts';
export { type Message, type MessageType, messageSchema, messageTypes } from './entities/message.ts';
export { codePoints, userText } from './entities/text.ts';
export { type ErrorCode, errorCodes } from './error-codes.ts';
export { type Event, type EventName, eventNames, eventSchema } from './events/event.ts';
export {
  type CreateChat,
  createChatSchema,
  maxUserIds,
  type OverviewPage,
  overviewPageSchema,
  type UpdateChat,
  updateChatSchema,
} from './http/chats.ts';
export {
  type AddedMembers,
  type AddMembers,
  addedMembersSchema,
  addMembersSchema,
  type MemberPage,
  memberPageSchema,
  type UpdateMember,
  updateMemberSchema,
} from './http/members.ts';
export { type MessageContent, messageFaults } from './http/message-content.ts';
export {
  type EditMessage,
  editMessageSchema,
  type MessagePage,
  type MessagesQuery,
  messagePageSchema,
  messagesQuerySchema,
  type SendMessage,
  sendMessageSchema,
} from './http/messages.ts';
export { type PageQuery, pageQuerySchema, type SinceQuery, sinceQuerySchema } from './http/paging.ts';
export { type Problem, problemSchema } from './http/problem.ts';
export {
  type EventPage,
  type EventsQuery,
  eventPageSchema,
  eventsQuerySchema,
  type Head,
  type HeadsPage,
  headSchema,
  headsPageSchema,
  type MarkRead,
  markReadSchema,
  type ReadPosition,
  readPositionSchema,
  type SyncPage,
  syncPageSchema,
} from './http/sync.ts';
export {
  type CreateDevToken,
  type CreateTicket,
  createDevTokenSchema,
  createTicketSchema,
  type DevToken,
  devTokenSchema,
  type Ticket,
  ticketSchema,
} from './http/tickets.ts';
export {
  type ChatId,
  clientIdSchema,
  countSchema,
  type MessageId,
  timeSchema,
  type UserId,
  userIdSchema,
  uuidSchema,
} from './ids.ts';
export { murmur2, partitionOf } from './partition.ts';
export {
  type AuthenticatedFrame,
  authenticatedFrameSchema,
  type HeartbeatFrame,
  heartbeatFrameSchema,
  type PongFrame,
  pongFrameSchema,
  type ReadyFrame,
  type ReconnectFrame,
  type ResyncFrame,
  readyFrameSchema,
  reconnectFrameSchema,
  resyncFrameSchema,
  type ServerFrame,
  type SignalFrame,
  serverFrameSchema,
  signalFrameSchema,
  type WatermarkFrame,
  watermarkFrameSchema,
} from './server-frames/server-frame.ts';
export { bearerPrefix, protocolVersion, ticketPrefix } from './subprotocol.ts';
