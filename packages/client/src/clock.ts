/** Time as an input, so that a test can move it. `after` calls once, unless its answer is called before. */
export type Clock = {
  nowMs(): number;
  after(ms: number, call: () => void): () => void;
};

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (ms, call) => {
    // A longer timer would fire at once.
    const timer = setTimeout(call, Math.min(ms, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

/** What the promise brings; a rejection when it brings nothing within `ms`: whoever was asked may never answer. */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error('no answer')));
    promise.then(resolve, reject).finally(cancel);
  });
}

/** Full jitter: uniform in 0 … min(30 s, 0.5 s · 2^attempt), so that many clients of one failure spread out. */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(30_000, 500 * 2 ** attempt);
}
