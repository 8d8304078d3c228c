import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { exitOnStartError, StartError, version } from '@carillon/runtime';
import { Cluster, startServices } from '@carillon/testkit';
import { benchE2e, type E2eResult } from '../e2e/e2e.ts';

const usage = `npm run bench [-- NAME…] [flags]: measures, prints a table, writes JSON

benches
  e2e              POST → frame received; one API, two shards, real Postgres, Kafka and Redis, open loop

flags
  --rate N         messages per second          (500)
  --recipients N   members of each chat         (2)
  --chats N        chats                        (50)
  --seconds N      measured, after 10 s warm-up (20)
  --json FILE      where the result goes        (loadtest/results/<bench>.json)
`;

const announce = (text: string) => void process.stderr.write(`bench: ${text}\n`);

try {
  const { values, positionals } = readArgs();
  if (values.help === true) process.stdout.write(usage);
  else {
    const unknown = positionals.filter((name) => name !== 'e2e');
    if (unknown.length > 0) throw new StartError(`no bench is called ${unknown.join(', ')}\n\n${usage}`);
    await runE2e(values);
  }
} catch (error) {
  exitOnStartError(error);
}

function readArgs() {
  const text = { type: 'string' } as const;
  const options = { rate: text, recipients: text, chats: text, seconds: text, json: text, help: { type: 'boolean' } } as const;
  try {
    return parseArgs({ args: process.argv.slice(2), options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error });
  }
}

async function runE2e(values: ReturnType<typeof readArgs>['values']): Promise<void> {
  await using services = await startServices({ announce, isDurable: true });
  announce('starting one API and two shards …');
  await using cluster = await Cluster.start({ apis: 1, shards: 2, services: services.urls, env: { LOG_LEVEL: 'warn' } });
  const members = [...cluster.apis, ...cluster.shards].map(({ role, process: child }) => ({ role, pid: child.pid }));
  const servers = Object.entries(services.pids).flatMap(([role, pid]) => (pid === null ? [] : [{ role, pid }]));
  const options = {
    rate: Number(values.rate ?? 500),
    recipients: Number(values.recipients ?? 2),
    chats: Number(values.chats ?? 50),
    warmUpSeconds: 10,
    seconds: Number(values.seconds ?? 20),
  };
  announce(`${options.rate} messages/s × ${options.recipients} recipients for ${options.warmUpSeconds} + ${options.seconds} s …`);
  const result = await benchE2e(cluster, [...members, ...servers, { role: 'generator', pid: process.pid }], options);
  report(result, values.json ?? 'loadtest/results/e2e.json');
}

function report(result: E2eResult, file: string): void {
  const [cpu] = cpus();
  const machine = {
    node: process.version,
    kernel: release(),
    cores: cpus().length,
    cpu: cpu?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
  const isValid = result.lost === 0 && result.refused === 0 && result.generatorLagMs.p99 < 20;
  mkdirSync(new URL('../../results/', import.meta.url), { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify({ bench: 'e2e', at: new Date().toISOString(), version, machine, valid: isValid, ...result }, null, 2)}\n`,
  );
  const { latencyMs, cpuCores } = result;
  const rows: [string, string][] = [
    ['load', `${result.options.rate} messages/s × ${result.options.recipients} recipients, ${result.options.chats} chats`],
    [
      'delivered',
      `${result.delivered} of ${result.expected}; lost ${result.lost}, duplicated ${result.duplicated}, out of order ${result.reordered}, refused ${result.refused}`,
    ],
    [
      'latency ms',
      Object.entries(latencyMs)
        .map(([name, value]) => `${name} ${value}`)
        .join('  '),
    ],
    ['generator lag', `p99 ${result.generatorLagMs.p99} ms`],
    [
      'CPU cores',
      Object.entries(cpuCores)
        .map(([name, value]) => `${name} ${value}`)
        .join('  '),
    ],
    ['machine', `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}`],
    ['verdict', isValid ? 'valid' : 'INVALID: messages lost or refused, or the generator lagged'],
    ['written to', file],
  ];
  process.stdout.write(`\ne2e: POST → frame received\n${rows.map(([name, value]) => `  ${name.padEnd(14)} ${value}`).join('\n')}\n`);
}
