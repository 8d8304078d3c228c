import { DevTokens, Tickets } from '@carillon/auth';
import { InProcessPresence } from '@carillon/presence';
import { silentLogger, systemClock } from '@carillon/runtime';
import { Database } from '@carillon/store';
import { ChatWrites } from '../chat-writes.ts';
import { ShardLeases } from '../tickets/shard-leases.ts';
import { WriteGate, writeGateLimits } from '../write-gate.ts';
import type { Operation } from './operation.ts';
import { operations } from './routes/operations.ts';
import { SendRate } from './send-rate.ts';

/** Every operation, those of development too, without a service behind it: for what is generated from them. */
export function documentedOperations(): Operation[] {
  const clock = systemClock;
  const secret = 'x'.repeat(32);
  const database = new Database({ url: 'postgres://unused', maxConnections: 2, applicationName: 'unused', logger: silentLogger });
  const relay = { poke: () => undefined };
  const leases = new ShardLeases({ presence: new InProcessPresence(), clock, logger: silentLogger });
  return operations({
    database,
    relay,
    signals: { sendRead: () => undefined },
    writes: new ChatWrites({ database, relay, gate: new WriteGate(writeGateLimits, clock) }),
    tickets: { tickets: new Tickets(secret, clock), leases, partitionCount: () => 64, clock },
    devTokens: new DevTokens({ secret }, clock),
    sendRate: new SendRate(50),
    newId: () => '',
    maxMembers: 10_000,
    retentionDays: 30,
    urlRules: { allowLoopbackHttp: false },
  });
}
