/** Time as an input, so that a test can move it. `after` calls once, unless its answer is called before. */
export type Clock = {
  nowMs(): number;
  after(ms: number, call: () => void): () => void;
};

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** Rejects with the signal's reason when it is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Full jitter: uniform in 0 … min(30 s, 0.5 s · 2^attempt), so that many clients of one failure spread out. */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(30_000, 500 * 2 ** attempt);
}

/** `ms` ± 50 %. */
export function aroundMs(ms: number, random: () => number): number {
  return ms * (0.5 + random());
}
