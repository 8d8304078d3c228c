import type { Tick } from './series.ts';
import type { Timeline } from './timeline.ts';

const everySeconds = 5;

/** One line about the second before the last one, in which all VUs have told theirs: every second on a terminal, else every fifth. */
export function progressLine(timeline: Timeline, tick: Tick, startSecond: number): string {
  const second = timeline.at(tick.second - 2);
  const at = (percentile: number) => ms((second?.latencyUs.getValueAtPercentile(percentile) ?? 0) / 1000);
  const connections = [...tick.connections.values()].reduce((sum, count) => sum + count, 0);
  const busiest = [...tick.processes].sort((a, b) => b.cpuCores - a.cpuCores).slice(0, 4);
  const cpu = busiest.map(({ role, cpuCores }) => `${role} ${cpuCores.toFixed(2)}`).join(', ');
  const latency = (second?.latencyUs.totalCount ?? 0) > 0 ? `p50 ${at(50)}  p99 ${at(99)}` : 'p50 –  p99 –';
  return `${String(tick.second - startSecond).padStart(4)} s  ${connections} connections  ${second?.delivered ?? 0} delivered/s  ${latency}  CPU: ${cpu}`;
}

export function showProgress(line: string, elapsedSeconds: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 120) - 1)}`);
  else if (elapsedSeconds % everySeconds === 0) process.stderr.write(`load: ${line}\n`);
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
