import type { EventLogReader, LogListener } from '@carillon/event-log';
import { InProcessEventLog } from '@carillon/event-log';
import { shardToken } from '@carillon/presence';
import { partitionOf } from '@carillon/protocol';
import { Metrics, silentLogger, systemClock } from '@carillon/runtime';
import { expect, test } from 'vitest';
import type { Connection } from './connection/connection.ts';
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

/** A life on its own, whose reader the test plays. */
function createLife(reader: EventLogReader, connections = new ConnectionTable()) {
  const presence = new FaultyPresence();
  const self = shardToken('a', 1);
  const inbox = new FaultyInbox(new InProcessInboxes().open(self));
  const life: ShardLife = new ShardLife({
    ...{ token: self, tasks: 4, partitionCount, presence, inbox, reader, connections },
    ...{ counts: new ShardMetrics(new Metrics()).forShard('a'), clock: systemClock, random: Math.random, logger: silentLogger },
    recent: new RecentRecords(),
    requestTurn: () => setImmediate(() => life.pool.routeTurn(Number.POSITIVE_INFINITY, () => false)),
    leaseFailingForMs: () => 0,
    onAssigned: () => undefined,
    onDead: (error) => expect.fail(error.message),
  });
  return { life, presence, inbox };
}

test('[D15] a damaged record becomes a resync that goes the way of its recipients, to other shards too', async () => {
  const joining = new JoiningReader();
  const { life, presence, inbox } = createLife(joining.reader);
  await using _ = life;
  const holder = shardToken('c', 1);
  const partition = partitionOf('ann', partitionCount);
  await presence.renewLease({ shardId: 'c', epoch: 1, url: '', state: 'active', connections: 0, partitions: [] });
  await presence.register(partition, ['ann'], holder);
  await life.start();
  joining.join(1, 'first');
  const place = { partition, offset: 0, appendedAtMs: 0, generation: 1 };
  const damaged = { ...place, recipients: ['ann', 'bob'], chatId: '', seq: 0, event: '', value: Buffer.alloc(0) };
  joining.listener?.onDamaged(damaged, new Error('garbage'));
  await expect.poll(() => inbox.sent).toHaveLength(1);
  const value = Buffer.from('{"type":"resync","reason":"gap"}');
  const item = { kind: 'forward', recipients: ['ann'], chatId: '', seq: 0, event: 'resync', value };
  expect(inbox.sent).toEqual([{ to: holder, items: [item] }]);
});

test('[R8] a member that joins anew loads the routes of the partitions that it had before: another owner got their notices', async () => {
  const joining = new JoiningReader();
  const { life, presence, inbox } = createLife(joining.reader);
  await using _ = life;
  const holder = shardToken('c', 1);
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

test('[R15] a member that joins anew tells the users of the partitions that it has again: another owner may have read their events', async () => {
  const joining = new JoiningReader();
  const connections = new ConnectionTable();
  const { life } = createLife(joining.reader, connections);
  await using _ = life;
  const told: unknown[] = [];
  const ann = { userId: 'ann', state: 'ready', isDegraded: false, next: undefined, send: (frame: unknown) => void told.push(frame) };
  await life.start();
  joining.join(1, 'first');
  connections.join(ann as unknown as Connection);
  await life.registrar.register('ann');
  joining.join(2, 'second');
  await expect.poll(() => told).toEqual([{ type: 'resync', reason: 'gap' }]);
});
