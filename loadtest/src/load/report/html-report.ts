import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { LoadResult, Percentiles } from '../result.ts';
import { correctness, headingOf, ms, reach, stageHeadings, verdictWord, whole } from './figures.ts';

const require = createRequire(import.meta.url);
const asset = (name: string) => readFileSync(new URL(`../../../report/${name}`, import.meta.url), 'utf8');
const ofPlots = (name: string) => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8');

/** One file that needs nothing else: style, data, charts. */
export function htmlReport(result: LoadResult): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${quoted(`${result.scenario}, ${verdictWord(result)}`)}</title>
<style>${ofPlots('uPlot.min.css')}</style>
<style>${asset('report.css')}</style>
</head>
<body>
${header(result)}
${tiles(result)}
<h2>Over time</h2>
<p class="sub" id="marks"></p>
<div class="charts" id="charts"></div>
<h2>Publish → receive by audience, ms</h2>
${latencyTable(result)}
${stepSection(result)}
<h2>Other times, ms</h2>
${percentileTable(
  'time',
  Object.entries(result.times).map(([name, figures]) => [headingOf(name), figures]),
)}
${stageSection(result)}
<h2>Processes in the steady phase</h2>
${processTable(result)}
<h2>Limits</h2>
${checkTable(result)}
<details><summary>Settings and counts</summary><pre>${quoted(JSON.stringify({ settings: result.settings, counts: result.counts, closes: result.closes, generator: result.generator }, null, 2))}</pre></details>
<script>${ofPlots('uPlot.iife.min.js')}</script>
<script>const result = ${JSON.stringify({ series: result.series }).replaceAll('<', '\\u003c')};</script>
<script>${asset('report.js')}</script>
</body>
</html>
`;
}

function header(result: LoadResult): string {
  const { machine } = result;
  const where = `${result.at.slice(0, 16).replace('T', ' ')} UTC · profile ${result.profile} · ${result.target} · Carillon ${result.version}`;
  const on = `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, k6 ${machine.k6}`;
  const reasons = result.reasons.map((reason) => `<li>${quoted(reason)}</li>`).join('');
  return `<h1>${quoted(result.scenario)}<span class="verdict ${result.verdict}">${verdictWord(result)}</span></h1>
<p class="sub">${quoted(where)}<br>${quoted(on)}</p>
${reasons === '' ? '' : `<ul class="reasons">${reasons}</ul>`}`;
}

function tiles(result: LoadResult): string {
  const { counts, latencyMs, series } = result;
  const connections = Object.values(series.connections);
  const most = Math.max(0, ...series.seconds.map((_, n) => connections.reduce((sum, curve) => sum + (curve[n] ?? 0), 0)));
  const figures: [string, string][] = [
    ['reach', reach(result).toFixed(4)],
    ['deliveries', whole(counts['deliveries'] ?? 0)],
    ['p50', latencyMs.all === null ? '–' : `${ms(latencyMs.all.p50)} ms`],
    ['p99', latencyMs.all === null ? '–' : `${ms(latencyMs.all.p99)} ms`],
    ['p99.9', latencyMs.all === null ? '–' : `${ms(latencyMs.all.p999)} ms`],
    ['caught up', whole(counts['caught_up'] ?? 0)],
    ['most connections', whole(most)],
    ['connects', whole(counts['connects'] ?? 0)],
  ];
  const zeros = correctness(result).map(([name, count, isJudged]) => {
    const note = isJudged ? '' : ' title="not judged: connections change in this scenario"';
    return `<span class="${count === 0 ? 'is-zero' : isJudged ? 'is-wrong' : 'is-told'}"${note}>${quoted(name)} ${whole(count)}</span>`;
  });
  return `<div class="tiles">${figures.map(([name, value]) => `<div class="tile"><b>${value}</b><span>${name}</span></div>`).join('')}</div>
<div class="zeros">${zeros.join('')}</div>`;
}

function latencyTable({ latencyMs }: LoadResult): string {
  const phases = Object.entries(latencyMs.byPhase).map(([phase, figures]): [string, Percentiles] => [`phase ${phase}`, figures]);
  const rows: [string, Percentiles][] = [...Object.entries(latencyMs.byAudience), ...phases];
  return percentileTable('audience', latencyMs.all === null ? rows : [...rows, ['all', latencyMs.all]]);
}

/** The bar shows the p99 against the largest one of the table. */
function percentileTable(first: string, rows: readonly (readonly [string, Percentiles])[]): string {
  const longest = Math.max(1e-9, ...rows.map(([, { p99 }]) => p99));
  const cells = rows.map(([name, { count, min, mean, p50, p90, p99, p999, max }]) => {
    const bar = `<span class="bar" style="width:${Math.max(1, Math.round((90 * p99) / longest))}px"></span>`;
    return [quoted(name), whole(count), ...[min, mean, p50, p90].map(ms), `${bar} ${ms(p99)}`, ms(p999), ms(max)];
  });
  return table([first, 'count', 'min', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'], cells);
}

function stepSection({ steps }: LoadResult): string {
  const rows = steps.map(({ rate, held, latencyMs }) => [`${whole(rate)} messages/s, ${held ? 'holds' : 'breaks'}`, latencyMs] as const);
  return rows.length === 0 ? '' : `<h2>Steps, publish → receive, ms</h2>${percentileTable('rate', rows)}`;
}

function stageSection({ stages }: LoadResult): string {
  const rows = Object.entries(stages).map(([name, { count, mean, p50, p99 }]) => [
    quoted(stageHeadings[name] ?? name),
    whole(count),
    ms(mean),
    ms(p50),
    ms(p99),
  ]);
  return rows.length === 0 ? '' : `<h2>Stages in the servers, ms</h2>${table(['stage', 'samples', 'mean', 'p50', 'p99'], rows)}`;
}

function processTable({ processes }: LoadResult): string {
  const rows = processes.map(({ role, cpuCores, cpuMax, rssMaxMiB, rssEndMiB }) => [
    quoted(role),
    cpuCores.toFixed(2),
    cpuMax.toFixed(2),
    whole(rssMaxMiB),
    whole(rssEndMiB),
  ]);
  return table(['process', 'CPU cores, mean', 'peak', 'memory, peak MiB', 'end'], rows);
}

function checkTable({ checks }: LoadResult): string {
  const rows = [...checks]
    .sort((a, b) => Number(a.ok) - Number(b.ok) || (a.metric < b.metric ? -1 : 1))
    .map(({ metric, limit, ok }) => [quoted(metric), quoted(limit), ok ? 'holds' : '<span class="failed-check">crossed</span>']);
  return table(['metric', 'limit', ''], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (tag: string, cells: readonly string[]) => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<div class="table"><table class="figures">${row('th', head)}${rows.map((cells) => row('td', cells)).join('')}</table></div>`;
}

function quoted(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
