/** Timers of one owner. After dispose none fires and none is set any more. */
export class Timers implements Disposable {
  readonly #timers = new Set<NodeJS.Timeout>();
  #isDisposed = false;

  after(ms: number, work: () => void): void {
    if (this.#isDisposed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
