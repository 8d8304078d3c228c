/** How evenly a page's frames came. `lateShare`: those that came more than half a frame late at 60 Hz. */
export type FrameResult = {
  readonly messages: number;
  readonly frames: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly lateShare: number;
  readonly busyMsPerFrame: number;
};

const lateMs = 25;

/** From the times of the frames, in ms. A browser rounds them to 0.1 ms, so that even frames are 16.6 or 16.7 ms apart. */
export function frameResult(times: readonly number[], seen: { readonly messages: number; readonly busySeconds: number }): FrameResult {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    messages: seen.messages,
    frames: gaps.length,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    maxMs: at(1),
    lateShare: gaps.filter((gap) => gap > lateMs).length / gaps.length,
    busyMsPerFrame: (seen.busySeconds * 1_000) / gaps.length,
  };
}
