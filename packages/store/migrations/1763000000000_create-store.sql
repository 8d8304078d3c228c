-- Up Migration
-- Column names are the wire's field names. Users are opaque strings, compared by byte. There are no foreign keys: every row
-- is written by a statement that holds its chat's row lock, and their triggers would cost each send two more look-ups.

-- fillfactor leaves room on the page, and no index holds a column that a send changes: sends stay heap-only updates.
CREATE TABLE chats (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('group', 'direct')),
  title text,
  avatar_url text,
  created_by text COLLATE "C" NOT NULL,
  client_chat_id text COLLATE "C",
  content_hash bytea,
  direct_key text COLLATE "C",
  created_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  seq bigint NOT NULL,
  message_no bigint NOT NULL,
  member_count integer NOT NULL,
  member_version bigint NOT NULL,
  last_xid xid8 NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX chats_client_chat_id ON chats (created_by, client_chat_id);
CREATE UNIQUE INDEX chats_direct_key ON chats (direct_key) WHERE deleted_at IS NULL;

-- A row is an interval of seq: what lies in joined_seq..left_seq is for this user to see.
CREATE TABLE members (
  chat_id uuid NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  joined_seq bigint NOT NULL,
  left_seq bigint,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  joined_at timestamptz(3) NOT NULL,
  read_message_no bigint NOT NULL,
  read_xid xid8 NOT NULL,
  left_xid xid8,
  PRIMARY KEY (chat_id, user_id, joined_seq)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX members_current ON members (chat_id, user_id) WHERE left_seq IS NULL;
CREATE INDEX members_of_user ON members (user_id, chat_id, joined_seq);

CREATE TABLE messages (
  id uuid PRIMARY KEY,
  chat_id uuid NOT NULL,
  seq bigint NOT NULL,
  message_no bigint NOT NULL,
  sender_id text COLLATE "C" NOT NULL,
  client_message_id text COLLATE "C" NOT NULL,
  content_hash bytea NOT NULL,
  type text NOT NULL,
  text text,
  attachments jsonb NOT NULL,
  date timestamptz(3) NOT NULL,
  edited_at timestamptz(3),
  deleted_at timestamptz(3)
);
CREATE UNIQUE INDEX messages_client_message_id ON messages (chat_id, sender_id, client_message_id);
CREATE UNIQUE INDEX messages_seq ON messages (chat_id, seq);

-- data holds the wire's field names, so that the relay forwards it as text and never parses it.
CREATE TABLE events (
  chat_id uuid NOT NULL,
  seq bigint NOT NULL,
  event text NOT NULL,
  message_id uuid,
  data jsonb NOT NULL,
  actor_id text COLLATE "C" NOT NULL,
  at timestamptz(3) NOT NULL,
  xid xid8 NOT NULL,
  PRIMARY KEY (chat_id, seq)
);
CREATE INDEX events_xid ON events (chat_id, xid);
CREATE INDEX events_message_id ON events (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX events_at ON events USING brin (at);

-- A queue: rows live for milliseconds, so it is vacuumed by count and never truncated (that takes an exclusive lock).
CREATE TABLE outbox (
  bucket smallint NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  chat_id uuid NOT NULL,
  seq bigint NOT NULL,
  traceparent text,
  PRIMARY KEY (bucket, id)
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off
);

-- The forms on the wire, in one place each.
CREATE FUNCTION wire_time(t timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

CREATE FUNCTION wire_message(m messages) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT jsonb_build_object(
    'id', m.id, 'chat_id', m.chat_id, 'seq', m.seq, 'message_no', m.message_no, 'sender_id', m.sender_id,
    'client_message_id', m.client_message_id, 'type', m.type, 'text', m.text, 'attachments', m.attachments,
    'date', wire_time(m.date), 'edited_at', wire_time(m.edited_at), 'deleted_at', wire_time(m.deleted_at)) $$;

CREATE FUNCTION wire_chat(c chats) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT jsonb_build_object(
    'id', c.id, 'kind', c.kind, 'title', c.title, 'avatar_url', c.avatar_url, 'created_by', c.created_by,
    'created_at', wire_time(c.created_at), 'deleted_at', wire_time(c.deleted_at), 'seq', c.seq, 'message_no', c.message_no,
    'member_count', c.member_count) $$;

CREATE FUNCTION wire_member(m members) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT jsonb_build_object(
    'user_id', m.user_id, 'role', m.role, 'joined_seq', m.joined_seq, 'joined_at', wire_time(m.joined_at)) $$;

CREATE FUNCTION wire_event(e events) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT jsonb_build_object(
    'type', 'event', 'event', e.event, 'chat_id', e.chat_id, 'seq', e.seq, 'actor_id', e.actor_id, 'at', wire_time(e.at),
    'data', e.data) $$;

-- Which of the 16 buckets a chat's outbox rows are in.
CREATE FUNCTION bucket_of(chat_id uuid) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT (get_byte(uuid_send(chat_id), 15) & 15)::smallint $$;
