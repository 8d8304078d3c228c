import { build, type Histogram } from 'hdr-histogram-js';
import { z } from 'zod';

const counts = z.record(z.string(), z.number());
const lineSchema = z.object({
  second: z.number(),
  latencies: z.record(z.string(), counts),
  deliveries: counts,
  connects: counts,
  advised: counts,
  closes: counts,
  lagMs: z.number(),
});

/** One second of the run, all VUs together. */
export type Second = {
  readonly latencyUs: Histogram;
  delivered: number;
  readonly connects: Map<string, number>;
};

/** Merges the lines that VUs print once a second: `@load {…}`. */
export class Timeline {
  readonly #seconds = new Map<number, Second>();
  readonly advised = new Map<number, number>();
  readonly closes = new Map<string, number>();

  /** False for a line that is no telemetry. */
  take(line: string): boolean {
    const parsed = line.startsWith('@load ') ? lineSchema.safeParse(JSON.parse(line.slice(6))) : undefined;
    if (parsed?.success !== true) return false;
    const { data } = parsed;
    const second = this.#second(data.second);
    for (const buckets of Object.values(data.latencies)) {
      for (const [ms, count] of Object.entries(buckets))
        second.latencyUs.recordValueWithCount(Math.max(1, Math.round(Number(ms) * 1_000)), count);
    }
    for (const delivered of Object.values(data.deliveries)) second.delivered += delivered;
    addAll(second.connects, data.connects);
    for (const [at, count] of Object.entries(data.advised)) this.advised.set(Number(at), (this.advised.get(Number(at)) ?? 0) + count);
    addAll(this.closes, data.closes);
    return true;
  }

  at(second: number): Second | undefined {
    return this.#seconds.get(second);
  }

  /** From the first to the last second that something happened in. */
  range(): number[] {
    const known = [...this.#seconds.keys()];
    const [first, last] = [Math.min(...known), Math.max(...known)];
    return known.length === 0 ? [] : Array.from({ length: last - first + 1 }, (_, n) => first + n);
  }

  #second(at: number): Second {
    const known = this.#seconds.get(at);
    if (known !== undefined) return known;
    const latencyUs = build({ highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 2 });
    const made: Second = { latencyUs, delivered: 0, connects: new Map() };
    this.#seconds.set(at, made);
    return made;
  }
}

function addAll(into: Map<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(from)) into.set(key, (into.get(key) ?? 0) + count);
}
