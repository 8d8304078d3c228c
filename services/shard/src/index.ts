export { type ShardConfig, shardConfigSchema, shardProcessSchema } from './config.ts';
export { committedAtMs } from './delivery/committed-at.ts';
export { InProcessInboxes } from './inbox/in-process-inbox.ts';
export type { Inbox, InboxItem, InboxListener } from './inbox/inbox.ts';
export { RedisInbox } from './inbox/redis-inbox.ts';
export { ShardMetrics } from './metrics.ts';
export { createShard, type Shard, type ShardParts } from './shard.ts';
