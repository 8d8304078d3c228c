-- Up Migration
-- A chat with a long backlog must not keep the other chats of its bucket waiting: the relay steps from chat to chat.
CREATE INDEX outbox_turns ON outbox (bucket, chat_id, id);
