/**
 * Full jitter: uniform in 0 … min(`capMs`, `baseMs`·2^attempt), so that many clients of one failure spread out.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function fullJitterMs(attempt: number, limits: { baseMs: number; capMs: number }, random: () => number): number {
  return random() * Math.min(limits.capMs, limits.baseMs * 2 ** attempt);
}
