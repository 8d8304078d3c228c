export {
  type LiveLease,
  leaseMs,
  leaseRenewalMs,
  type Presence,
  type RenewOutcome,
  type ShardLease,
  type ShardToken,
  shardToken,
} from './presence.ts';
