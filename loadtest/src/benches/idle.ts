import type { Bench, BenchContext, BenchResult } from '../bench.ts';
import { LoadServer } from '../programs/load-server.ts';
import { Receiver } from '../programs/receiver.ts';
import { issueOffers } from '../programs/tickets.ts';
import { RealServices } from './real-shard.ts';

const few = 1_000;
const many = 10_000;
const times = 3;

type Memory = { readonly rssBytes: number; readonly heapBytes: number };
/** KB for each further connection. */
type Slope = { readonly rssKb: number; readonly heapKb: number };

/**
 * What a connection that only waits costs in the process: the slope between 1,000 and 10,000, each after a collection, in a fresh
 * process each time, because memory that was once used is not given back. The young generation is small here, as told in
 * `young-generation.ts`; in production it takes up to 192 MB once. The kernel's part, the same for every server, is not in it.
 */
export const idle: Bench = {
  name: 'idle',
  description: 'memory per idle authenticated connection of the shard process, slope 1,000 → 10,000 (beside it: bare uWebSockets.js)',
  run: async ({ announce }: BenchContext): Promise<BenchResult> => {
    await using services = await RealServices.start(announce);
    const offers = await issueOffers(services.secret, many);
    const shard: Slope[] = [];
    const uws: Slope[] = [];
    for (let time = 1; time <= times; time += 1) {
      shard.push(await slopeOfShard(services, offers));
      uws.push(await slopeOfBareUws());
      announce(`run ${time} of ${times}: shard ${shard.at(-1)?.rssKb.toFixed(2)}, bare-uws ${uws.at(-1)?.rssKb.toFixed(2)} KB/connection`);
    }
    const bare = uws.map(({ rssKb }) => rssKb.toFixed(2)).join(', ');
    const row = {
      label: 'idle: memory per connection',
      ...{ unit: 'KB', samples: shard.map(({ rssKb }) => rssKb), faults: [], note: `bare uWebSockets.js: ${bare} KB` },
      goal: { direction: 'atMost', mustReach: 4.5, aim: 3 } as const,
    };
    return { rows: [row], details: { shard, uws } };
  },
};

async function slopeOfShard(services: RealServices, protocols: readonly string[]): Promise<Slope> {
  await using shard = await services.startShard({ smallYoung: true });
  await using receiver = await Receiver.start({ port: shard.port, until: 'ready', protocols });
  return await slope(receiver, () => shard.usage('gc'));
}

async function slopeOfBareUws(): Promise<Slope> {
  await using server = await LoadServer.start('bare-uws', {}, true);
  await using receiver = await Receiver.start({ port: server.port, until: 'open' });
  return await slope(receiver, () => server.usage('gc'));
}

async function slope(receiver: Receiver, usage: () => Promise<Memory>): Promise<Slope> {
  await receiver.open(few);
  const before = await usage();
  await receiver.open(many - few);
  const after = await usage();
  const perConnection = (bytes: number) => bytes / (many - few) / 1024;
  return { rssKb: perConnection(after.rssBytes - before.rssBytes), heapKb: perConnection(after.heapBytes - before.heapBytes) };
}
