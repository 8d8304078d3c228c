-- Up Migration
-- One index instead of two: by (bucket, id) the planner could read past 100,000 rows of one chat to the next row of another. `id` stays
-- for processes of the version before, while they still run.
DROP INDEX outbox_turns;
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey, ADD PRIMARY KEY (bucket, chat_id, seq);
