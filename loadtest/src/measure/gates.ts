import { readFileSync } from 'node:fs';
import type { Received } from '../programs/receiver.ts';
import { median } from './row.ts';

/** Percent of time in which some process waited for a core, over the last ten seconds. */
const maxPressure = 5;
/** The same piece of work takes the same time on a quiet host. */
const maxCalibrationSpread = 0.1;
const maxFloorSpread = 0.15;
const minServerShare = 0.95;
const maxReceiverShare = 0.8;

/** `some avg10` of Linux's pressure information; undefined where the kernel does not tell. */
export function parsePressure(text: string): number | undefined {
  const found = /^some avg10=([\d.]+)/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

export function readPressure(): number | undefined {
  try {
    return parsePressure(readFileSync('/proc/pressure/cpu', 'utf8'));
  } catch (_missing) {
    return undefined;
  }
}

/** Milliseconds that a fixed piece of work takes by the wall clock: longer when the host gives its time to others. */
export function calibrate(): number {
  const startedAtMs = performance.now();
  let sum = 0;
  for (let n = 0; n < 20_000_000; n += 1) sum = (sum + n * 7) | 0;
  const elapsedMs = performance.now() - startedAtMs;
  return sum === 1 ? 0 : elapsedMs;
}

/** Other loads at the start. */
export function pressureFaults(pressure: number | undefined): string[] {
  if (pressure === undefined || pressure < maxPressure) return [];
  return [`other loads: CPU pressure ${pressure} % at the start (< ${maxPressure})`];
}

/** The host's speed during the runs. */
export function calibrationFaults(timesMs: readonly number[]): string[] {
  const spread = Math.max(...timesMs) / Math.min(...timesMs) - 1;
  if (timesMs.length === 0 || spread <= maxCalibrationSpread) return [];
  return [`the host's speed varied by ${percent(spread)} (≤ ${percent(maxCalibrationSpread)})`];
}

/** The floor of every run lies close to the others'. */
export function floorFaults(name: string, values: readonly number[]): string[] {
  const middle = median(values);
  const spread = Math.max(0, ...values.map((value) => Math.abs(value / middle - 1)));
  if (spread <= maxFloorSpread) return [];
  return [`${name} varied by ${percent(spread)} around its median (≤ ${percent(maxFloorSpread)})`];
}

/** A saturation run saturates its core, or it measured something else. */
export function saturationFaults(name: string, runs: readonly { cpuUs: number; wallUs: number }[]): string[] {
  const share = Math.min(1, ...runs.map(({ cpuUs, wallUs }) => cpuUs / wallUs));
  return share >= minServerShare ? [] : [`${name} had only ${percent(share)} of its core in one run (≥ ${percent(minServerShare)})`];
}

/** The client is not what was measured. */
export function receiverFaults(runs: readonly Pick<Received, 'cpuUs' | 'wallUs'>[]): string[] {
  const share = Math.max(0, ...runs.map(({ cpuUs, wallUs }) => cpuUs / wallUs));
  return share <= maxReceiverShare ? [] : [`the receiver used ${percent(share)} of its core (≤ ${percent(maxReceiverShare)})`];
}

/** Every message came once, in order, to whom it was for; otherwise the run is void. */
export function deliveryFaults(name: string, expected: number, received: Received): string[] {
  const { frames, lost, duplicated, reordered, misrouted } = received;
  if (frames === expected && lost + duplicated + reordered + misrouted === 0) return [];
  return [
    `${name}: ${frames} of ${expected} delivered, ${lost} lost, ${duplicated} duplicated, ${reordered} reordered, ${misrouted} misrouted`,
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
