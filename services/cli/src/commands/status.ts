import { adminPorts } from '../admin-ports.ts';
import { adminOptions, adminUsage, type Command, parse } from '../command.ts';
import { type ProcessStatus, readStatus } from '../process-status.ts';
import { table } from '../table.ts';
import { variablesFrom } from '../variables.ts';

const usage = `carillon status [flags]: every process, its shards' connections, partitions and lag, the outbox

${adminUsage}

Exit code 1 when a process is not ready, a dependency is away, a partition has no owner or two, or the outbox stands still.
`;

const outboxStuckSeconds = 30;

export const status: Command = {
  does: 'shards, partitions, connections, lag',
  usage,
  async run(args, { env, print }) {
    const { values } = parse(args, adminOptions, usage);
    const processes = await Promise.all((await adminPorts(values, env)).map(readStatus));
    const { KAFKA_PARTITIONS: partitions } = variablesFrom(env);
    const faults = faultsOf(processes, partitions);
    print(values.json === true ? `${JSON.stringify({ processes, faults })}\n` : asText(processes, faults, partitions));
    return faults.length === 0 ? 0 : 1;
  },
};

/** What an operator should look at, in plain words. */
function faultsOf(processes: readonly ProcessStatus[], partitions: number): string[] {
  const shards = processes.filter(({ kind }) => kind === 'shard');
  const owned = sum(shards, ({ partitions: count }) => count);
  const buckets = sum(processes, ({ relay_buckets }) => relay_buckets);
  const apis = processes.filter(({ kind }) => kind === 'api');
  return [
    ...processes.flatMap(({ admin_url, name, state }) => (state === 'ready' ? [] : [`${name || admin_url} is ${state}`])),
    ...processes.flatMap(({ admin_url, name, away }) => away.map((dependency) => `${name || admin_url} does not reach ${dependency}`)),
    ...(shards.length > 0 && owned !== partitions ? [`${owned} of ${partitions} partitions are owned by the shards named here`] : []),
    ...(apis.length > 0 && buckets === 0 ? ['no relay named here owns a bucket of the outbox'] : []),
    ...apis.flatMap(({ outbox_oldest_seconds: seconds }) =>
      seconds > outboxStuckSeconds ? [`the oldest event waits in the outbox for ${seconds} s`] : [],
    ),
  ];
}

function asText(processes: readonly ProcessStatus[], faults: readonly string[], partitions: number): string {
  const shards = processes.filter(({ kind }) => kind === 'shard');
  const apis = processes.filter(({ kind }) => kind === 'api');
  const total = `${sum(shards, (shard) => shard.connections)} connections, ${sum(shards, (shard) => shard.partitions)} of ${partitions} partitions\n`;
  const parts = [
    shards.length === 0 ? '' : `${table(shardHead, shards.map(shardRow))}${total}`,
    apis.length === 0 ? '' : table(apiHead, apis.map(apiRow)),
    processes
      .filter(({ kind }) => kind === 'unreachable')
      .map(({ admin_url }) => `${admin_url}  unreachable\n`)
      .join(''),
    faults.length === 0 ? 'all is well\n' : faults.map((fault) => `! ${fault}\n`).join(''),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

const shardHead = [
  'shard',
  'state',
  'connections',
  'degraded',
  'partitions',
  'lag',
  'queued',
  'memory MiB',
  'loop p99 ms',
  'version',
  'admin',
];

function shardRow(shard: ProcessStatus): (string | number)[] {
  const { name, state, connections, degraded, partitions, lag_records, queue_depth, memory_mib, loop_delay_p99_ms, version, admin_url } =
    shard;
  return [name, state, connections, degraded, partitions, lag_records, queue_depth, memory_mib, loop_delay_p99_ms, version, admin_url];
}

const apiHead = ['api', 'state', 'relay buckets', 'outbox rows', 'oldest s', 'memory MiB', 'loop p99 ms', 'version'];

function apiRow(api: ProcessStatus): (string | number)[] {
  const { admin_url, state, relay_buckets, outbox_rows, outbox_oldest_seconds, memory_mib, loop_delay_p99_ms, version } = api;
  return [admin_url, state, relay_buckets, outbox_rows, outbox_oldest_seconds, memory_mib, loop_delay_p99_ms, version];
}

function sum(processes: readonly ProcessStatus[], read: (status: ProcessStatus) => number): number {
  return processes.reduce((total, status) => total + read(status), 0);
}
