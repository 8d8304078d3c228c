import { Cluster, type Services, startServices } from '@carillon/testkit';
import type { Bench, BenchContext, BenchResult } from '../bench.ts';
import { benchE2e, type E2eOptions, type E2eResult } from '../e2e/e2e.ts';
import type { Row } from '../measure/row.ts';
import { untilQuiet } from '../measure/valid-runs.ts';

const maxGeneratorLagMs = 20;
const warmUpSeconds = 10;

type Scenario = { readonly recipients: number; readonly p50Ms: number; readonly p99Ms: number };

/** Both at 500 messages a second: a message is one transaction, so it is the audience that grows. */
const scenarios: readonly Scenario[] = [
  { recipients: 2, p50Ms: 10, p99Ms: 60 },
  { recipients: 20, p50Ms: 15, p99Ms: 80 },
];
const aimMs = { p50: 5, p99: 25 };

/** The whole system, unpinned: API, two shards, Postgres, Kafka, Redis and the generator share the machine. */
export const e2e: Bench = {
  name: 'e2e',
  description: 'POST → frame received; one API, two shards, real Postgres, Kafka and Redis, open loop, 500 messages/s × 2 and × 20',
  run: async (context: BenchContext): Promise<BenchResult> => {
    const rows: Row[] = [];
    const details: Record<string, E2eResult> = {};
    await using services = await startServices({ announce: context.announce, isDurable: true });
    for (const scenario of scenariosOf(context)) {
      const faults = await untilQuiet();
      const result = await runScenario(scenario, services, context);
      rows.push(...rowsOf(scenario, result, [...faults, ...faultsOf(result)]));
      details[`x${scenario.recipients}`] = result;
    }
    return { rows, details };
  },
};

/** With `--recipients` that one alone. */
function scenariosOf({ e2e: { recipients } }: BenchContext): readonly Scenario[] {
  if (recipients === undefined) return scenarios;
  const known = scenarios.findLast((scenario) => scenario.recipients <= recipients) ?? { p50Ms: 10, p99Ms: 60 };
  return [{ ...known, recipients }];
}

async function runScenario({ recipients }: Scenario, services: Services, { announce, e2e: given }: BenchContext): Promise<E2eResult> {
  announce('starting one API and two shards …');
  await using cluster = await Cluster.start({ apis: 1, shards: 2, services: services.urls, env: { LOG_LEVEL: 'warn' } });
  const members = [...cluster.apis, ...cluster.shards].map(({ role, process: child }) => ({ role, pid: child.pid }));
  const servers = Object.entries(services.pids).flatMap(([role, pid]) => (pid === null ? [] : [{ role, pid }]));
  const options: E2eOptions = { rate: 500, chats: 50, seconds: 20, ...given, recipients, warmUpSeconds };
  announce(`${options.rate} messages/s × ${recipients} recipients for ${warmUpSeconds} + ${options.seconds} s …`);
  return await benchE2e(cluster, [...members, ...servers, { role: 'generator', pid: process.pid }], options);
}

function faultsOf({ lost, duplicated, reordered, refused, generatorLagMs }: E2eResult): string[] {
  const faults: string[] = [];
  if (lost + duplicated + reordered + refused > 0)
    faults.push(`${lost} lost, ${duplicated} duplicated, ${reordered} out of order, ${refused} refused`);
  if (generatorLagMs.p99 >= maxGeneratorLagMs)
    faults.push(`the generator lagged ${generatorLagMs.p99} ms at its p99 (< ${maxGeneratorLagMs})`);
  return faults;
}

function rowsOf({ recipients, p50Ms, p99Ms }: Scenario, { latencyMs, options }: E2eResult, faults: readonly string[]): Row[] {
  const load = `e2e: ${options.rate}/s × ${recipients}`;
  const row = (name: 'p50' | 'p99', mustReach: number): Row => ({
    label: `${load}, ${name}`,
    ...{ unit: 'ms', samples: [latencyMs[name]], faults },
    goal: { direction: 'atMost', mustReach, aim: aimMs[name] },
  });
  return [row('p50', p50Ms), row('p99', p99Ms)];
}
