import { KafkaWriter, type LogRecord } from '@carillon/event-log';
import { partitionOf } from '@carillon/protocol';
import { silentLogger } from '@carillon/runtime';
import type { Bench, BenchContext, BenchResult } from '../bench.ts';
import { deliveryFaults, floorFaults, receiverFaults, saturationFaults } from '../measure/gates.ts';
import { ratios } from '../measure/row.ts';
import { perMessage } from '../measure/saturation.ts';
import { validRuns } from '../measure/valid-runs.ts';
import type { Work } from '../programs/load-server.ts';
import { type Received, Receiver } from '../programs/receiver.ts';
import type { ShardProcess } from '../programs/shard-process.ts';
import { issueOffers } from '../programs/tickets.ts';
import { messageBytes, writeMessage } from '../servers/message.ts';
import { userName } from '../servers/user-name.ts';
import { ConnectedPair } from './pairs.ts';
import { RealServices, topic } from './real-shard.ts';

/** So many that a partition's fetch holds about one message for each of its users: with few, all would coalesce. */
const connections = 16_000;
const rounds = 6;
const times = 3;
/** Records of one append. */
const appendSize = 4_000;

type Run = { readonly work: Work; readonly received: Received; readonly raw: Work };

/** The whole process at saturation: what was written while it stood still is fetched, decoded, routed, sent and committed. */
export const shardBench: Bench = {
  name: 'shard',
  description:
    'CPU per message of the whole shard process with Kafka fetch and commit, working off a backlog, 16,000 sockets ÷ raw C send()',
  run: async ({ announce }: BenchContext): Promise<BenchResult> => {
    await using services = await RealServices.start(announce);
    const protocols = await issueOffers(services.secret, connections);
    await using shard = await services.startShard();
    await using receiver = await Receiver.start({ port: shard.port, until: 'ready', protocols });
    announce(`connecting ${connections} sockets to each of two servers …`);
    await receiver.open(connections);
    await using floor = await ConnectedPair.start('raw-send', connections);
    await using writer = new KafkaWriter({ brokers: [services.kafkaBrokers], topic, clientId: 'bench', logger: silentLogger });
    await writer.open(AbortSignal.timeout(20_000));
    const { runs, faults, repeated } = await validRuns<Run>({
      ...{ times, announce },
      run: async (time) => {
        shard.freeze();
        await writeBacklog(writer, time * rounds, services.partitions);
        const own = await workOff(shard, receiver);
        return { ...own, raw: await floor.server.run(rounds, 1) };
      },
      disturbances: ({ work, received }) => [...saturationFaults('the shard', [work]), ...receiverFaults([received])],
      errors: ({ received }) => deliveryFaults('the shard', rounds * connections, received),
      describe: ({ work, raw }) => `shard ${perMessage(work).toFixed(2)}, raw-send ${perMessage(raw).toFixed(2)} µs/message`,
    });
    const own = runs.map(({ work }) => perMessage(work));
    const floors = runs.map(({ raw }) => perMessage(raw));
    const perWrite =
      (await shard.metric('carillon_ws_frames_sent_total', 'type="event"')) / (await shard.metric('carillon_ws_writes_total'));
    const row = {
      label: 'shard: CPU per message ÷ raw C send()',
      ...{
        unit: '×',
        samples: ratios(own, floors),
        faults: [...faults, ...floorFaults('raw send()', floors)],
        note: `${perWrite.toFixed(2)} frames per write`,
      },
      goal: { direction: 'atMost', mustReach: 2.5, aim: 1.8 } as const,
    };
    return { rows: [row], details: { microsecondsPerMessage: { shard: own, raw: floors }, perWrite, repeated } };
  },
};

/** From the thaw to the last message's arrival. */
async function workOff(shard: ShardProcess, receiver: Receiver): Promise<{ work: Work; received: Received }> {
  await receiver.reset();
  const messages = rounds * connections;
  const startedAtMs = performance.now();
  shard.thaw();
  const before = await shard.usage('usage');
  const received = await receiver.received(messages, 40_000);
  const wallUs = (performance.now() - startedAtMs) * 1000;
  const after = await shard.usage('usage');
  return { work: { event: 'done', messages, writes: 0, cpuUs: after.cpuUs - before.cpuUs, wallUs, gcUs: 0 }, received };
}

/** One message for each user, `rounds` times; the relay's way of writing, without the relay. */
async function writeBacklog(writer: KafkaWriter, seqBefore: number, partitions: number): Promise<void> {
  for (let seq = seqBefore + 1; seq <= seqBefore + rounds; seq += 1) {
    for (let from = 0; from < connections; from += appendSize) {
      const users = Array.from({ length: Math.min(appendSize, connections - from) }, (_, index) => from + index);
      await writer.append(users.map((user) => recordOf(user, seq, partitions)));
    }
  }
}

function recordOf(user: number, seq: number, partitions: number): LogRecord {
  const value = Buffer.alloc(messageBytes);
  writeMessage(value, 0, user, seq, 0n);
  const userId = userName(user);
  const chatId = `01890000-0000-7000-8000-${String(user).padStart(12, '0')}`;
  return { partition: partitionOf(userId, partitions), recipients: [userId], chatId, seq, event: 'message.created', value };
}
