import type { LoadResult, Percentiles } from '../result.ts';
import { busiestSecond, correctness, headingOf, ms, reach, stageHeadings, verdictWord, whole } from './figures.ts';

/** The summary that is read in a terminal, a pull request, or the docs. */
export function markdownReport(result: LoadResult): string {
  const { machine, counts } = result;
  const parts = [
    `# ${result.scenario}, profile ${result.profile}: ${verdictWord(result)}`,
    result.reasons.map((reason) => `- ${reason}`).join('\n'),
    [
      `${result.at.slice(0, 16).replace('T', ' ')} UTC, ${result.target}, Carillon ${result.version}.`,
      `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, k6 ${machine.k6}.`,
    ].join('\n'),
    result.steps.length > 0
      ? zeros(result)
      : `**${whole(counts['deliveries'] ?? 0)} of ${whole(counts['expected'] ?? 0)} deliveries came** (reach ${reach(result).toFixed(4)}), ${whole(counts['caught_up'] ?? 0)} of them by catching up. ${zeros(result)}`,
    steps(result),
    latencies(result),
    times(result),
    stages(result),
    connections(result),
    processes(result),
    generator(result),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function zeros(result: LoadResult): string {
  return `${correctness(result)
    .map(([name, count]) => `${name} ${whole(count)}`)
    .join(', ')}.`;
}

function latencies({ latencyMs }: LoadResult): string {
  if (latencyMs.all === null) return '';
  const rows = Object.entries(latencyMs.byAudience).map(([audience, figures]) => [audience, ...cells(figures)]);
  const phases = Object.entries(latencyMs.byPhase).map(([phase, figures]) => [`phase ${phase}`, ...cells(figures)]);
  return table(['publish → receive, ms; audience', ...columns], [...rows, ...phases, ['all', ...cells(latencyMs.all)]]);
}

function steps({ steps: all }: LoadResult): string {
  if (all.length === 0) return '';
  const held = all.filter(({ held }) => held).at(-1);
  const rows = all.map(({ rate, held, latencyMs }) => [whole(rate), ...cells(latencyMs), held ? 'holds' : 'breaks']);
  const summary = held === undefined ? 'No rate held the objective.' : `**The objective held up to ${whole(held.rate)} messages/s.**`;
  return `${summary}\n\n${table(['messages/s; publish → receive, ms', ...columns, 'objective'], rows)}`;
}

function times({ times: all }: LoadResult): string {
  return table(
    ['time, ms', ...columns],
    Object.entries(all).map(([name, figures]) => [headingOf(name), ...cells(figures)]),
  );
}

function stages({ stages: all }: LoadResult): string {
  const rows = Object.entries(all).map(([name, { count, mean, p50, p99 }]) => [
    stageHeadings[name] ?? name,
    whole(count),
    ms(mean),
    ms(p50),
    ms(p99),
  ]);
  return rows.length === 0 ? '' : table(['stage (servers), ms', 'samples', 'mean', 'p50', 'p99'], rows);
}

function connections(result: LoadResult): string {
  const { counts, closes } = result;
  const closed = Object.entries(closes).map(([code, count]) => `${code} × ${whole(count)}`);
  const again =
    (counts['connects'] ?? 0) > 0
      ? `${whole(counts['connects'] ?? 0)} connects, ${whole(counts['resumed'] ?? 0)} resumed without a sync`
      : '';
  const { shard, connects } = busiestSecond(result);
  const peak = connects > 0 ? `; most in one second of the steady phase: ${whole(connects)} (${shard})` : '';
  const slow = Object.entries(counts).flatMap(([series, count]) => {
    const action = /^carillon_slow_consumers_total\{action="(\w+)"/.exec(series)?.[1];
    return action === undefined ? [] : [`${action} × ${whole(count)}`];
  });
  const slowly = slow.length > 0 ? ` Slow consumers: ${slow.join(', ')}.` : '';
  const resyncs = Object.entries(counts).flatMap(([name, count]) => {
    const reason = /^resyncs\{reason:(\w+)\}$/.exec(name)?.[1];
    return reason === undefined || count === 0 ? [] : [`${reason} × ${whole(count)}`];
  });
  const told = resyncs.length > 0 ? ` Told to resync: ${resyncs.join(', ')}.` : '';
  return `Connections: ${again}${peak}. Closes seen by readers: ${closed.join(', ') || 'none'}.${told}${slowly}`;
}

function processes({ processes: all }: LoadResult): string {
  return table(
    ['process, steady phase', 'CPU cores, mean', 'peak', 'memory, peak MiB', 'end'],
    all.map(({ role, cpuCores, cpuMax, rssMaxMiB, rssEndMiB }) => [
      role,
      cpuCores.toFixed(2),
      cpuMax.toFixed(2),
      whole(rssMaxMiB),
      whole(rssEndMiB),
    ]),
  );
}

function generator({ generator: k6, counts }: LoadResult): string {
  const dropped = counts['ready_dropped'] ?? 0;
  const lost = dropped === 0 ? '' : ` k6 lost the first frame of ${dropped} connections, which were opened again.`;
  return `Generator: frames read late p99 ${ms(k6.lagP99Ms)} ms, messages sent late p99 ${ms(k6.publishLagP99Ms)} ms, ${k6.droppedIterations} dropped; machine ${Math.round(k6.hostBusyPercent)} % busy, CPU pressure before the start ${k6.startPressurePercent ?? '–'} %.${lost}`;
}

const columns = ['count', 'p50', 'p90', 'p99', 'p99.9', 'max'];

function cells({ count, p50, p90, p99, p999, max }: Percentiles): string[] {
  return [whole(count), ...[p50, p90, p99, p999, max].map(ms)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cellsOf: readonly string[]) => `| ${cellsOf.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
