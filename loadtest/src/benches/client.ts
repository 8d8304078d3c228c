import type { Bench, BenchContext, BenchResult } from '../bench.ts';
import { benchClient } from '../client/client-bench.ts';

/** The SDK alone, in this process: no server, no clock of a network. */
export const client: Bench = {
  name: 'client',
  description: 'the SDK alone: events merged per second into 1,000 chats, time of one update until it is told',
  run: async ({ announce }: BenchContext): Promise<BenchResult> => {
    const { mergedPerSecond, updateUs, frameUs } = await benchClient(announce);
    return {
      rows: [
        {
          label: 'client: events merged into 1,000 chats',
          ...{ unit: '/s', samples: mergedPerSecond, faults: [] },
          goal: { direction: 'atLeast', mustReach: 500_000, aim: 500_000 },
        },
        {
          label: 'client: a frame of an open chat, until told',
          ...{ unit: 'µs', samples: updateUs, faults: [] },
          goal: { direction: 'atMost', mustReach: 20, aim: 20 },
        },
        {
          label: 'client: a frame of another chat, until told',
          ...{ unit: 'µs', samples: frameUs, faults: [] },
          goal: { direction: 'atMost', mustReach: 20, aim: 20 },
        },
      ],
      details: {},
    };
  },
};
