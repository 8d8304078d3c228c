import { count, times } from './metrics.ts';
import { profile } from './settings.ts';

/** k6's only way out of a VU while the run goes on. */
declare const console: { log(text: string): void };

export type Tags = Readonly<Record<string, string>>;

/** What a VU tells once a second, one line of JSON: the report's curves are merged from these lines. */
type Line = {
  readonly second: number;
  readonly latencies: Record<string, Record<string, number>>;
  readonly deliveries: Record<string, number>;
  readonly connects: Record<string, number>;
  readonly advised: Record<string, number>;
  readonly closes: Record<string, number>;
  lagMs: number;
};

/**
 * Counts of one VU. Deliveries are counted by plain numbers and told to k6 once a second: a k6 metric per frame would cost as much
 * as reading the frame.
 */
export class Telemetry {
  #line = emptyLine();
  #sampleAt = 0;

  /** One event that is new to its reader. `intendedMs` is undefined where no time is known; without tags it is no sample. */
  delivered(audience: number, intendedMs: number | undefined, receivedMs: number, tags: Tags | undefined): void {
    const key = String(audience);
    this.#line.deliveries[key] = (this.#line.deliveries[key] ?? 0) + 1;
    if (intendedMs === undefined) return;
    const latencyMs = Math.max(0, receivedMs - intendedMs);
    const buckets = this.#line.latencies[key] ?? {};
    this.#line.latencies[key] = buckets;
    const bucket = String(Number(latencyMs.toPrecision(2)));
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    this.#sampleAt += 1;
    if (tags === undefined || this.#sampleAt % profile.sampleEvery !== 0) return;
    times.publishToReceive.add(latencyMs, { ...tags, audience: key });
    const lagMs = Math.max(0, Date.now() - receivedMs);
    times.generatorLag.add(lagMs);
    this.#line.lagMs = Math.max(this.#line.lagMs, lagMs);
  }

  connected(shardId: string): void {
    increment(this.#line.connects, shardId);
  }

  /** The server's wish: the second in which the client may come back. */
  advised(atMs: number): void {
    increment(this.#line.advised, String(Math.floor(atMs / 1000)));
  }

  closed(code: number): void {
    increment(this.#line.closes, String(code));
    count.closeCode.add(1, { code: String(code) });
  }

  /** Hands over what was counted since the last call. */
  flush(): void {
    for (const [audience, deliveries] of Object.entries(this.#line.deliveries)) count.deliveries.add(deliveries, { audience });
    console.log(`@load ${JSON.stringify(this.#line)}`);
    this.#line = emptyLine();
  }
}

/** The runner needs to know when the steady phase is. */
export function tellPhases(phases: object): void {
  console.log(`@phases ${JSON.stringify(phases)}`);
}

function emptyLine(): Line {
  return { second: Math.floor(Date.now() / 1000), latencies: {}, deliveries: {}, connects: {}, advised: {}, closes: {}, lagMs: 0 };
}

function increment(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
