import type { Bench, BenchContext, BenchResult } from '../bench.ts';
import { receiverFaults } from '../measure/gates.ts';
import { type Row, ratios } from '../measure/row.ts';
import { maxTriesPerRun, validRuns } from '../measure/valid-runs.ts';
import type { Received } from '../programs/receiver.ts';
import { ConnectedPair } from './pairs.ts';

const connections = 2_000;
const rate = 20_000;
const seconds = 4;
/** One percent, others in every run: after 15 s over its bound a connection is ended. */
const stalledReaders = 20;
const times = 4;
/** SHARD_SEND_QUEUE_BYTES by default. */
const queueBytes = 262_144;

/** `growthBytes`: of heap and buffers, each after a collection; what the transport holds, at most 64 KB for each, is not in it. */
type Run = { readonly received: Received; readonly growthBytes: number };

/**
 * Readers that have stopped, each over its bound from the start of the run, among healthy ones: nobody else may notice. Two servers
 * take turns, one without and one with them; the load is open loop, so a stall of the server shows as latency.
 */
export const stalled: Bench = {
  name: 'stalled',
  description: 'p99 of healthy sockets with 1 % stalled readers ÷ without, 20,000 messages/s to 2,000 sockets; memory of the stalled',
  run: async ({ announce }: BenchContext): Promise<BenchResult> => {
    await using quiet = await ConnectedPair.start('shard-path', connections);
    await using harmed = await ConnectedPair.start('shard-path', connections);
    const { runs, faults, repeated } = await validRuns<{ quiet: Run; harmed: Run }>({
      ...{ times, announce },
      run: async () => ({ quiet: await run(quiet, 0), harmed: await run(harmed, stalledReaders) }),
      disturbances: (pair) => receiverFaults([pair.quiet.received, pair.harmed.received]),
      errors: (pair) => [...orderFaults('without', pair.quiet.received), ...orderFaults('with stalled readers', pair.harmed.received)],
      describe: (pair) => `p99 ${pair.quiet.received.p99Us} µs without, ${pair.harmed.received.p99Us} µs with`,
    });
    const [without, withStalled] = [runs.map((pair) => pair.quiet), runs.map((pair) => pair.harmed)];
    const p99 = (runs: readonly Run[]) => runs.map(({ received }) => received.p99Us);
    const growth = (runs: readonly Run[]) => runs.map(({ growthBytes }) => growthBytes);
    const extraShare = (bytes: number, index: number) => (bytes - (without[index]?.growthBytes ?? 0)) / (stalledReaders * queueBytes);
    const rows: Row[] = [
      {
        label: 'stalled: p99 of healthy sockets, with ÷ without',
        ...{ unit: '×', samples: ratios(p99(withStalled), p99(without)), faults },
        goal: { direction: 'atMost', mustReach: 1.5, aim: 1.1 },
      },
      {
        label: 'stalled: memory of the stalled ÷ their bound',
        ...{ unit: '×', samples: growth(withStalled).map(extraShare), faults },
        goal: { direction: 'atMost', mustReach: 1, aim: 0.5 },
      },
    ];
    const details = {
      p99Us: { without: p99(without), with: p99(withStalled) },
      growthBytes: { without: growth(without), with: growth(withStalled) },
    };
    return { rows, details: { ...details, repeated } };
  },
};

async function run({ server, receiver }: ConnectedPair, readers: number): Promise<Run> {
  const before = await server.usage('gc');
  if (readers > 0) await server.flood(await receiver.stall(readers), readers);
  await receiver.reset();
  const { messages } = await server.paced(rate, seconds);
  // Messages for the stalled do not come: no more is waited for than the last ones' way.
  const received = await receiver.received(messages, 500);
  const after = await server.usage('gc');
  return { received, growthBytes: after.heapBytes + after.externalBytes - before.heapBytes - before.externalBytes };
}

/** At least what the healthy ones are due, each message once and in order. */
function orderFaults(name: string, { frames, lost, duplicated, reordered, misrouted }: Received): string[] {
  const due = rate * seconds * (1 - (stalledReaders * (times * maxTriesPerRun + 1)) / connections);
  if (lost + duplicated + reordered + misrouted === 0 && frames >= due) return [];
  return [`${name}: ${frames} frames, ${lost} lost, ${duplicated} duplicated, ${reordered} reordered, ${misrouted} misrouted`];
}
