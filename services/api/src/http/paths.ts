/** The operations' paths, as in OpenAPI. */
export const paths = {
  chats: '/v1/chats',
  chat: '/v1/chats/{chat_id}',
  members: '/v1/chats/{chat_id}/members',
  member: '/v1/chats/{chat_id}/members/{user_id}',
  messages: '/v1/chats/{chat_id}/messages',
  message: '/v1/chats/{chat_id}/messages/{message_id}',
  events: '/v1/chats/{chat_id}/events',
  read: '/v1/chats/{chat_id}/read',
  sync: '/v1/sync',
  heads: '/v1/heads',
  tickets: '/v1/tickets',
  devTokens: '/v1/dev/tokens',
} as const;
