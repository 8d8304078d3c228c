import type { Bench, BenchContext, BenchResult } from '../bench.ts';
import { floorFaults } from '../measure/gates.ts';
import { type Row, ratios } from '../measure/row.ts';
import { framesPerWrite, perMessage, runInterleaved } from '../measure/saturation.ts';
import { ConnectedPairs } from './pairs.ts';

const connections = 2_000;
const burst = 8;
const rounds = 8;
const times = 7;

/** Eight messages in a row for each socket: what coalescing makes of a busy chat. Throughput of a saturated core is 1 ÷ CPU. */
export const burstBench: Bench = {
  name: 'burst',
  description: 'throughput of the delivery path with 8 messages per user in a row ÷ a bare loop with a send for each',
  run: async ({ announce }: BenchContext): Promise<BenchResult> => {
    announce(`connecting ${connections} sockets to each of two servers …`);
    await using connected = await ConnectedPairs.start(['shard-path', 'bare-uws'], connections);
    const { works, faults, repeated } = await runInterleaved(connected.pairs, { times, rounds, burst }, announce);
    const [path = [], uws = []] = works.map((runs) => runs.map(perMessage));
    const row: Row = {
      label: 'burst: throughput ÷ bare uWebSockets.js',
      ...{
        unit: '×',
        samples: ratios(uws, path),
        faults: [...faults, ...floorFaults('the bare loop', uws)],
        note: framesPerWrite(works[0] ?? []),
      },
      goal: { direction: 'atLeast', mustReach: 3, aim: 5 },
    };
    return {
      rows: [row],
      details: {
        microsecondsPerMessage: { path, uws },
        collectorMicrosecondsPerMessage: works[0]?.map(({ gcUs, messages }) => gcUs / messages),
        repeated,
      },
    };
  },
};
