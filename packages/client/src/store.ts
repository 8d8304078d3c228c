/** Something to render: `getSnapshot` answers the same object until something changed, and then `subscribe`'s listeners are told. */
export type View<T> = {
  subscribe(listener: () => void): () => void;
  getSnapshot(): T;
};

/** Tells listeners once per microtask, however many changes there were. One that throws is reported; the others are told. */
export class Notifier {
  readonly #report: (error: unknown) => void;
  readonly #due = new Set<() => void>();

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  schedule(listeners: Iterable<() => void>): void {
    if (this.#due.size === 0) queueMicrotask(() => this.#flush());
    for (const listener of listeners) this.#due.add(listener);
  }

  #flush(): void {
    const due = [...this.#due];
    this.#due.clear();
    for (const listener of due) {
      try {
        listener();
      } catch (error) {
        this.#report(error);
      }
    }
  }
}

/**
 * A view that is computed when it is looked at, at most once per change. `compute` gets its last answer and returns that same
 * object where nothing changed for it.
 */
export class Store<T> implements View<T> {
  readonly #listeners = new Set<() => void>();
  readonly #notifier: Notifier;
  readonly #compute: (last: T | undefined) => T;
  readonly #watched: (isWatched: boolean) => void;
  #last: T | undefined;
  #isStale = true;

  constructor(notifier: Notifier, compute: (last: T | undefined) => T, watched: (isWatched: boolean) => void = () => undefined) {
    this.#notifier = notifier;
    this.#compute = compute;
    this.#watched = watched;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // A listener of its own for each call, so that the same function may subscribe twice. Told to stop, it is not told any more.
    const own = () => {
      if (this.#listeners.has(own)) listener();
    };
    this.#listeners.add(own);
    if (this.#listeners.size === 1) this.#watched(true);
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#watched(false);
    };
  };

  readonly getSnapshot = (): T => {
    if (this.#isStale || this.#last === undefined) {
      this.#last = this.#compute(this.#last);
      this.#isStale = false;
    }
    return this.#last;
  };

  changed(): void {
    this.#isStale = true;
    if (this.#listeners.size > 0) this.#notifier.schedule(this.#listeners);
  }
}
