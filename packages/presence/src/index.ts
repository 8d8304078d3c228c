export { InProcessPresence } from './in-process-presence.ts';
export { inspectRedis, type RedisFacts } from './inspect-redis.ts';
export {
  type LiveLease,
  leaseMs,
  leaseRenewalMs,
  type Presence,
  parseShardToken,
  type RenewOutcome,
  type ShardLease,
  type ShardToken,
  shardToken,
} from './presence.ts';
export { probeRedis } from './probe-redis.ts';
export { parseRunId } from './redis-answers.ts';
export { connectRedis, type RedisConnectionOptions } from './redis-connection.ts';
export { RedisPresence, type RedisPresenceOptions } from './redis-presence.ts';
