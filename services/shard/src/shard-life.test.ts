import type { EventLogReader, LogListener } from '@carillon/event-log';
import { InProcessEventLog } from '@carillon/event-log';
import { shardToken } from '@carillon/presence';
import { partitionOf } from '@carillon/protocol';
import { Metrics, silentLogger, systemClock } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { ConnectionTable } from './connection/connection-table.ts';
import { RecentRecords } from './consumer/recent-records.ts';
import { InProcessInboxes } from './inbox/in-process-inbox.ts';
import { ShardMetrics } from './metrics.ts';
import { FaultyInbox, FaultyPresence } from './presence/faulty.fixture.ts';
import { allPartitions, partitionCount } from './presence/node.fixture.ts';
import { ShardLife } from './shard-life.ts';

/** A reader whose joins a test makes. */
class JoiningReader {
  readonly reader: EventLogReader;
  listener: LogListener | undefined;
  memberId = '';

  constructor() {
    const inner = new InProcessEventLog({ partitionCount }).createReader(() => ({ shardId: 'a', epoch: 1, state: 'active' }));
    this.reader = Object.assign(inner, {
      start: async (listener: LogListener) => {
        this.listener = listener;
      },
      memberId: () => this.memberId,
      finish: () => undefined,
    });
  }

  join(generation: number, memberId: string): void {
    this.memberId = memberId;
    this.listener?.onAssigned(generation, allPartitions);
  }
}

test('[R8] a member that joins anew loads the routes of the partitions that it had before: another owner got their notices', async () => {
  const presence = new FaultyPresence();
  const joining = new JoiningReader();
  const [self, holder] = [shardToken('a', 1), shardToken('c', 1)];
  const inbox = new FaultyInbox(new InProcessInboxes().open(self));
  await using life = new ShardLife({
    ...{ token: self, tasks: 4, partitionCount, presence, inbox, reader: joining.reader, connections: new ConnectionTable() },
    ...{ counts: new ShardMetrics(new Metrics()).forShard('a'), clock: systemClock, random: Math.random, logger: silentLogger },
    recent: new RecentRecords(),
    requestTurn: () => setImmediate(() => life.pool.routeTurn(Number.POSITIVE_INFINITY, () => false)),
    leaseFailingForMs: () => 0,
    onAssigned: () => undefined,
    onDead: (error) => expect.fail(error.message),
  });
  const loads = () => presence.calls.filter((call) => call === 'loadPartition').length;
  await life.start();
  joining.join(1, 'first');
  await expect.poll(loads).toBe(partitionCount);
  joining.join(2, 'first');
  await presence.renewLease({ shardId: 'c', epoch: 1, url: '', state: 'active', connections: 0, partitions: [] });
  const partition = partitionOf('ann', partitionCount);
  await presence.register(partition, ['ann'], holder);
  joining.join(3, 'second');
  const record = { partition, recipients: ['ann'], chatId: 'chat', seq: 1, event: 'message.created', value: Buffer.from('{}') };
  joining.listener?.onRecords(partition, [{ ...record, offset: 0, appendedAtMs: 0, generation: 3 }]);
  await expect.poll(() => inbox.sent.map(({ to }) => to)).toEqual([holder]);
  expect(loads()).toBe(2 * partitionCount);
});
