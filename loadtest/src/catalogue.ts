import type { Bench } from './bench.ts';
import { burstBench } from './benches/burst.ts';
import { client } from './benches/client.ts';
import { connect } from './benches/connect.ts';
import { e2e } from './benches/e2e.ts';
import { idle } from './benches/idle.ts';
import { push } from './benches/push.ts';
import { shardBench } from './benches/shard.ts';
import { stalled } from './benches/stalled.ts';

/** Every bench, in the order in which they run. */
export const benches: readonly Bench[] = [push, burstBench, shardBench, idle, connect, stalled, client, e2e];
