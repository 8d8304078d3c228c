import { readdirSync, readFileSync } from 'node:fs';

export type Watched = { readonly role: string; readonly pid: number };
export type ProcessSample = { readonly role: string; readonly cpuCores: number; readonly memoryMiB: number };
type ProcessStat = { readonly parent: number; readonly cpuSeconds: number };

const ticksPerSecond = 100;
const pageMiB = 4096 / 2 ** 20;

/**
 * CPU and memory of processes with all their children, from Linux's /proc. Memory is the private pages of all plus the largest
 * shared part: Postgres' processes share one buffer.
 */
export class ProcessSampler {
  readonly #watched: () => readonly Watched[];
  #cpuSeconds = new Map<string, number>();
  #sampledAtMs = performance.now();
  #host = hostTicks();
  #hostBusyPercent = 0;

  constructor(watched: () => readonly Watched[]) {
    this.#watched = watched;
    this.sample();
  }

  /** Busy share of all cores since the sample before. */
  get hostBusyPercent(): number {
    return this.#hostBusyPercent;
  }

  /** What each role used since the last call. A process that was started again counts from its start. */
  sample(): ProcessSample[] {
    const nowMs = performance.now();
    const seconds = Math.max(0.001, (nowMs - this.#sampledAtMs) / 1000);
    const table = readProcesses();
    const used = new Map<string, number>();
    const samples = this.#watched().map(({ role, pid }) => {
      const family = familyOf(pid, table);
      const cpuSeconds = family.reduce((sum, member) => sum + (table.get(member)?.cpuSeconds ?? 0), 0);
      used.set(`${role} ${pid}`, cpuSeconds);
      const cpuCores = Math.max(0, cpuSeconds - (this.#cpuSeconds.get(`${role} ${pid}`) ?? 0)) / seconds;
      return { role, cpuCores, memoryMiB: memoryOf(family) };
    });
    this.#cpuSeconds = used;
    this.#sampledAtMs = nowMs;
    this.#readHost();
    return samples;
  }

  #readHost(): void {
    const now = hostTicks();
    const total = now.total - this.#host.total;
    this.#hostBusyPercent = total === 0 ? 0 : (100 * (total - (now.idle - this.#host.idle))) / total;
    this.#host = now;
  }
}

const quietWithinMs = 30_000;

/** Waits, half a minute at most, until others leave the machine alone; returns the pressure that is left. */
export async function quietMachine(limitPercent: number, announce: (text: string) => void): Promise<number | null> {
  const deadlineMs = performance.now() + quietWithinMs;
  let pressure = cpuPressurePercent();
  if ((pressure ?? 0) > limitPercent) announce(`waiting for a quiet machine (CPU pressure ${pressure} %) …`);
  while ((pressure ?? 0) > limitPercent && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    pressure = cpuPressurePercent();
  }
  return pressure;
}

/** Share of the last 10 s in which something waited for a CPU; null where the kernel does not tell. */
function cpuPressurePercent(): number | null {
  const text = readText('/proc/pressure/cpu');
  const found = /some avg10=([\d.]+)/.exec(text);
  return found === null ? null : Number(found[1]);
}

function hostTicks(): { idle: number; total: number } {
  const fields = readText('/proc/stat').split('\n', 1)[0]?.split(/\s+/).slice(1, 9).map(Number) ?? [];
  return { idle: (fields[3] ?? 0) + (fields[4] ?? 0), total: fields.reduce((sum, field) => sum + field, 0) };
}

function readProcesses(): Map<number, ProcessStat> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(pids.map((pid) => [Number(pid), readStat(pid)] as const));
}

function readStat(pid: string): ProcessStat {
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1] ?? 0), cpuSeconds: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond };
}

function familyOf(pid: number, table: ReadonlyMap<number, ProcessStat>): number[] {
  const children = [...table].filter(([, { parent }]) => parent === pid).map(([child]) => child);
  return [pid, ...children.flatMap((child) => familyOf(child, table))];
}

function memoryOf(pids: readonly number[]): number {
  const sizes = pids.map((pid) => readText(`/proc/${pid}/statm`).split(' ').map(Number));
  const own = sizes.reduce((sum, [, resident = 0, shared = 0]) => sum + resident - shared, 0);
  return (own + Math.max(0, ...sizes.map(([, , shared = 0]) => shared))) * pageMiB;
}

/** Empty once the process is gone. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (_gone) {
    return '';
  }
}
