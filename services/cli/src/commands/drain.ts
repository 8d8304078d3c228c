import { setTimeout as pause } from 'node:timers/promises';
import { StartError } from '@carillon/runtime';
import { adminPorts } from '../admin-ports.ts';
import { adminOptions, adminUsage, type Command, parse, type Surroundings, wholeNumber } from '../command.ts';
import { type ProcessStatus, readStatus } from '../process-status.ts';

const usage = `carillon drain <shard> [flags]: hands the shard's partitions and connections to the others, then its process ends

  --no-wait       does not wait for the end
  --seconds N     longest wait (300)
${adminUsage}

As SIGTERM does: clients are told where and when to go on. Under Kubernetes the pod's container starts again afterwards.
Exit code 1 when the shard has not ended in time.
`;

const pollMs = 500;
const defaultSeconds = '300';

export const drain: Command = {
  does: 'empties a shard and ends its process',
  usage,
  async run(args, surroundings) {
    const options = { ...adminOptions, 'no-wait': { type: 'boolean' }, seconds: { type: 'string' } } as const;
    const { values, positionals } = parse(args, options, usage);
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) throw new StartError(`name one shard\n\n${usage}`);
    const seconds = wholeNumber('seconds', values.seconds ?? defaultSeconds, usage);
    const processes = await Promise.all((await adminPorts(values, surroundings.env)).map(readStatus));
    const shard = find(name, processes);
    await begin(shard);
    const isEnded = values['no-wait'] === true ? undefined : await untilEnded(shard, seconds, surroundings);
    const told = { shard: name, connections: shard.connections, partitions: shard.partitions, ended: isEnded ?? false };
    surroundings.print(values.json === true ? `${JSON.stringify(told)}\n` : `${name} ${wordFor(isEnded)}\n`);
    return isEnded === false ? 1 : 0;
  },
};

/** Undefined: nobody waited. */
function wordFor(isEnded: boolean | undefined): string {
  if (isEnded === undefined) return 'drains';
  return isEnded ? 'has ended' : 'has not ended in time';
}

/** The last shard keeps its clients: there would be nowhere to go. */
function find(name: string, processes: readonly ProcessStatus[]): ProcessStatus {
  const shards = processes.filter(({ kind }) => kind === 'shard');
  const shard = shards.find((status) => status.name === name);
  if (shard === undefined)
    throw new StartError(`no shard here is called ${name}: ${shards.map((status) => status.name).join(', ') || 'none was found'}`);
  if (shard.state === 'draining') throw new StartError(`${name} is draining already`);
  if (!shards.some((other) => other !== shard && other.state === 'ready'))
    throw new StartError(`${name} is the only ready shard: its clients could go nowhere`);
  return shard;
}

async function begin({ admin_url, name }: ProcessStatus): Promise<void> {
  const answer = await fetch(`${admin_url}/drain`, { method: 'POST', headers: { 'x-carillon-operator': 'cli' } });
  if (answer.status !== 202) throw new StartError(`${name} answered ${answer.status}: ${(await answer.text()).trim()}`);
}

/** Ended: its admin port is silent, or a process that started later answers there. */
async function untilEnded(shard: ProcessStatus, seconds: number, { note, signal }: Surroundings): Promise<boolean> {
  const startedMs = performance.now();
  const elapsed = () => (performance.now() - startedMs) / 1000;
  let told = '';
  while (elapsed() < seconds && !signal.aborted) {
    const now = await readStatus(shard.admin_url);
    if (now.state === 'unreachable' || now.started_at !== shard.started_at) return true;
    const line = `${shard.name}: ${now.connections} of ${shard.connections} connections left${eta(shard.connections, now.connections, elapsed())}`;
    if (line !== told) note(`${line}\n`);
    told = line;
    await pause(pollMs);
  }
  return false;
}

function eta(before: number, left: number, seconds: number): string {
  const gone = before - left;
  return gone > 0 && left > 0 ? `, about ${Math.ceil((left * seconds) / gone)} s more` : '';
}
