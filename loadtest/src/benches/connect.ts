import type { Bench, BenchContext, BenchResult } from '../bench.ts';
import { floorFaults } from '../measure/gates.ts';
import { median, ratios } from '../measure/row.ts';
import { validRuns } from '../measure/valid-runs.ts';
import { LoadServer } from '../programs/load-server.ts';
import { Receiver } from '../programs/receiver.ts';
import { issueOffers } from '../programs/tickets.ts';
import { RealServices } from './real-shard.ts';

const connections = 4_000;
/** Connections in the making at one time, as when clients come back after a cut. */
const concurrency = 256;
const times = 5;

/** Microseconds for each connect. */
type Cost = { readonly shard: number; readonly uws: number; readonly ws: number };

/** What it costs that somebody comes: upgrade, ticket, presence in Redis, `ready`. */
export const connect: Bench = {
  name: 'connect',
  description: 'CPU per connect of the shard process (ticket, presence, ready) ÷ a bare uWebSockets.js handshake',
  run: async ({ announce }: BenchContext): Promise<BenchResult> => {
    await using services = await RealServices.start(announce);
    const protocols = await issueOffers(services.secret, connections);
    await using shard = await services.startShard();
    await using clients = await Receiver.start({ port: shard.port, until: 'ready', protocols, concurrency });
    await using uws = await LoadServer.start('bare-uws');
    await using uwsClients = await Receiver.start({ port: uws.port, until: 'open', concurrency });
    await using ws = await LoadServer.start('plain-ws');
    await using wsClients = await Receiver.start({ port: ws.port, until: 'open', concurrency });
    const { runs, faults, repeated } = await validRuns<Cost>({
      ...{ times, announce, disturbances: () => [], errors: () => [] },
      run: async () => {
        const ofShard = await cpuPerConnect(clients, () => shard.usage('usage'));
        await shard.emptied();
        const ofUws = await cpuPerConnect(uwsClients, () => uws.usage('usage'));
        return { shard: ofShard, uws: ofUws, ws: await cpuPerConnect(wsClients, () => ws.usage('usage')) };
      },
      describe: (cost) =>
        Object.entries(cost)
          .map(([name, us]) => `${name} ${us.toFixed(1)}`)
          .join(', ')
          .concat(' µs/connect'),
    });
    const [ofShard, ofUws, ofWs] = [runs.map((run) => run.shard), runs.map((run) => run.uws), runs.map((run) => run.ws)];
    const row = {
      label: 'connect: CPU per connect ÷ bare uWebSockets.js',
      ...{ unit: '×', samples: ratios(ofShard, ofUws) },
      faults: [...faults, ...floorFaults('the bare handshake', ofUws)],
      goal: { direction: 'atMost', mustReach: 2.6, aim: 1.6 } as const,
      note: `${median(ofShard).toFixed(0)} µs, bare uWebSockets.js ${median(ofUws).toFixed(0)} µs, plain ws ${median(ofWs).toFixed(0)} µs`,
    };
    return { rows: [row], details: { microsecondsPerConnect: { shard: ofShard, uws: ofUws, ws: ofWs }, repeated } };
  },
};

/** Opens all connections, tells the server's CPU for each, and ends them. */
async function cpuPerConnect(clients: Receiver, usage: () => Promise<{ cpuUs: number }>): Promise<number> {
  const before = await usage();
  await clients.open(connections);
  const after = await usage();
  await clients.close();
  return (after.cpuUs - before.cpuUs) / connections;
}
