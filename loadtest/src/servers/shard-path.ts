import { InProcessPresence } from '@carillon/presence';
import { createLogger, Metrics, parseConfig } from '@carillon/runtime';
import { createShard, InProcessInboxes, ShardMetrics, shardConfigSchema } from '@carillon/shard';
import { Backlog } from './backlog.ts';
import { BenchReader, type FetchedBatch } from './bench-reader.ts';
import { type Measured, nextTurn, type Sent, serveCommands } from './commands.ts';

/**
 * The production shard without broker and Redis: `createShard` as `bin/shard.ts` composes it, its event log a reader that is fed
 * here. From the bytes of a record batch to the socket everything is the real code, with all its accounting.
 */
const partitionCount = 4;
/** Records of a batch, about. A partition has as many users, so that none of a uniform load gets two messages of a batch. */
const batchSize = 500;

class OpenMetrics extends ShardMetrics {
  counts: ReturnType<ShardMetrics['forShard']> | undefined;

  override forShard(shardId: string): ReturnType<ShardMetrics['forShard']> {
    this.counts = super.forShard(shardId);
    return this.counts;
  }
}

const users = Number(process.env['BENCH_USERS']);
const metrics = new OpenMetrics(new Metrics());
const reader = new BenchReader(partitionCount);
const backlog = new Backlog(users, reader, partitionCount);
const inboxes = new InProcessInboxes();
const env = {
  SHARD_PORT: '0',
  SHARD_ID: 'bench',
  TICKET_SECRET: process.env['TICKET_SECRET'],
  AUTH_JWT_SECRET: process.env['TICKET_SECRET'],
  HEARTBEAT_MS: '300000',
};
const shard = createShard(parseConfig(shardConfigSchema(false), env), {
  reader: () => reader,
  partitionCount,
  presence: new InProcessPresence(),
  inbox: (token) => inboxes.open(token),
  logger: createLogger({ level: 'warn', pretty: false, name: 'bench', destination: { write: (line) => void process.stderr.write(line) } }),
  metrics,
});
const { url } = await shard.start();
serveCommands(Number(new URL(url).port), {
  run: (rounds = 1, burst = 1) => runSaturated(rounds, burst),
  paced: (rate = 1_000, seconds = 1) => runPaced(rate, seconds),
  flood: (from = 0, count = 1) => flood(from, count),
});

/** `burst` messages in a row to each user, `rounds` times, as fast as the shard takes them. */
async function runSaturated(rounds: number, burst: number): Promise<Measured> {
  const batches: FetchedBatch[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const { partition, members } of chunksFor(burst)) {
      batches.push(await backlog.batch(partition, members, burst, 0n));
    }
  }
  return async () => {
    for (const batch of batches) await reader.feed(batch);
    return sentBy(rounds * burst * users);
  };
}

/** The users in chunks of one partition each, the partitions taking turns. */
function chunksFor(burst: number): { partition: number; members: readonly number[]; turn: number }[] {
  const chunks = backlog.members.flatMap((members, partition) => {
    const count = Math.max(1, Math.round((members.length * burst) / batchSize));
    const size = Math.ceil(members.length / count);
    return Array.from({ length: count }, (_, turn) => ({ partition, members: members.slice(turn * size, (turn + 1) * size), turn }));
  });
  return chunks.filter(({ members }) => members.length > 0).sort((a, b) => a.turn - b.turn || a.partition - b.partition);
}

/** A steady rate, open loop: each millisecond's messages are due together, and carry that time. */
async function runPaced(rate: number, seconds: number): Promise<Measured> {
  const perTick = Math.round(rate / 1_000);
  const ticks = seconds * 1_000;
  const leadNs = 500_000_000n + BigInt(ticks) * BigInt(perTick) * 40_000n;
  const startNs = process.hrtime.bigint() + leadNs;
  const cursors = backlog.members.map(() => 0);
  const schedule: { dueNs: bigint; batch: FetchedBatch }[] = [];
  for (let tick = 0; tick < ticks; tick += 1) {
    const dueNs = startNs + BigInt(tick) * 1_000_000n;
    const partition = tick % partitionCount;
    schedule.push({ dueNs, batch: await backlog.batch(partition, nextMembers(cursors, partition, perTick), 1, dueNs) });
  }
  if (process.hrtime.bigint() > startNs) throw new Error('the schedule was not ready in time');
  return async () => {
    for (const { dueNs, batch } of schedule) {
      while (process.hrtime.bigint() < dueNs) await nextTurn();
      await reader.feed(batch);
    }
    return sentBy(ticks * perTick);
  };
}

function nextMembers(cursors: number[], partition: number, count: number): number[] {
  const members = backlog.members[partition] ?? [];
  const from = cursors[partition] ?? 0;
  cursors[partition] = (from + count) % members.length;
  return Array.from({ length: count }, (_, index) => members[(from + index) % members.length] ?? 0);
}

/** Messages to users who do not read, until every one of them is over its bound. */
async function flood(from: number, count: number): Promise<Measured> {
  return async () => {
    const collapses = () => metrics.counts?.slowConsumers.watermark ?? 0;
    const before = collapses();
    let sent = 0;
    for (let round = 0; round < maxFloodRounds && collapses() < before + 2 * count; round += 1) {
      for (const [partition, members] of backlog.members.entries()) {
        const meant = members.filter((user) => user >= from && user < from + count);
        if (meant.length > 0) await reader.feed(await backlog.batch(partition, meant, 10, 0n));
        sent += meant.length * 10;
      }
    }
    const total = await sentBy(sent);
    if (collapses() < before + count) throw new Error('the stalled readers did not reach their bound');
    return total;
  };
}

/** 10 messages a round: 12 MB for each reader, more than kernel and queue hold. */
const maxFloodRounds = 4_000;

let writesBefore = 0;

/** Once all is handed over: so many messages, and the writes since the last time. */
async function sentBy(messages: number): Promise<Sent> {
  await settled();
  const writes = metrics.counts?.writes ?? 0;
  const since = writes - writesBefore;
  writesBefore = writes;
  return { messages, writes: since };
}

/** All is handed to the sockets: every record finished, and no frame sent for some turns. */
async function settled(): Promise<void> {
  while (!reader.isIdle()) await nextTurn();
  for (let quiet = 0, sent = -1; quiet < 20; quiet += 1) {
    const now = metrics.counts?.framesSent.event ?? 0;
    if (now !== sent) quiet = 0;
    sent = now;
    await nextTurn();
  }
}
