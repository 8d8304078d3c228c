import type { Bench, BenchContext, BenchResult } from '../bench.ts';
import { floorFaults } from '../measure/gates.ts';
import { type Row, ratios } from '../measure/row.ts';
import { framesPerWrite, perMessage, runInterleaved } from '../measure/saturation.ts';
import { ConnectedPairs } from './pairs.ts';

const connections = 2_000;
/** Messages of a run for each connection: what its socket buffers hold, so that no run waits for the client. */
const rounds = 60;
const times = 7;

/** One message for each of 2,000 sockets in turn: what the shard's own work costs beside the system call. */
export const push: Bench = {
  name: 'push',
  description: 'CPU per delivered message of the delivery path (decode, route, queue, send), 2,000 sockets, uniform ÷ bare loops',
  run: async ({ announce }: BenchContext): Promise<BenchResult> => {
    announce(`connecting ${connections} sockets to each of four servers …`);
    await using connected = await ConnectedPairs.start(['shard-path', 'bare-uws', 'plain-ws', 'raw-send'], connections);
    const { works, faults, repeated } = await runInterleaved(connected.pairs, { times, rounds, burst: 1 }, announce);
    const [path = [], uws = [], ws = [], raw = []] = works.map((runs) => runs.map(perMessage));
    const all = [...faults, ...floorFaults('the bare loop', uws)];
    const rows: Row[] = [
      {
        label: 'push: CPU per message ÷ bare uWebSockets.js',
        ...{ unit: '×', samples: ratios(path, uws), faults: all, note: framesPerWrite(works[0] ?? []) },
        goal: { direction: 'atMost', mustReach: 1.35, aim: 1.15 },
      },
      {
        label: 'push: CPU per message ÷ plain ws',
        ...{ unit: '×', samples: ratios(path, ws), faults: all },
        goal: { direction: 'atMost', mustReach: 0.9, aim: 0.7 },
      },
    ];
    return {
      rows,
      details: {
        microsecondsPerMessage: { path, uws, ws, raw },
        collectorMicrosecondsPerMessage: works[0]?.map(({ gcUs, messages }) => gcUs / messages),
        repeated,
      },
    };
  },
};
