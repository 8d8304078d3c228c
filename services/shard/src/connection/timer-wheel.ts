/** What a wheel keeps in its entry: its place, and when it is due by the monotonic clock. Set by the wheel only. */
export type WheelEntry = { wheelSlot: number; wheelDueMs: number };

export const wheelTickMs = 100;
const slotCount = 512;

/**
 * One timer for all connections: an entry is visited once, at most a tick after it is due. Due times beyond one turn of the
 * wheel are passed over until their turn comes. An entry has one place: scheduling again moves it. Bound: the entries of its owner.
 */
export class TimerWheel<T extends WheelEntry> {
  readonly #slots: Set<T>[] = Array.from({ length: slotCount }, () => new Set<T>());
  #tick: number;

  constructor(nowMs: number) {
    this.#tick = Math.floor(nowMs / wheelTickMs);
  }

  schedule(entry: T, dueMs: number): void {
    this.cancel(entry);
    const tick = Math.max(Math.ceil(dueMs / wheelTickMs), this.#tick + 1);
    entry.wheelDueMs = dueMs;
    entry.wheelSlot = tick % slotCount;
    this.#slots[entry.wheelSlot]?.add(entry);
  }

  cancel(entry: T): void {
    if (entry.wheelSlot < 0) return;
    this.#slots[entry.wheelSlot]?.delete(entry);
    entry.wheelSlot = -1;
  }

  /** Visits what is due. After a long pause every slot is looked at once. */
  advance(nowMs: number, visit: (entry: T) => void): void {
    const target = Math.floor(nowMs / wheelTickMs);
    const from = Math.max(this.#tick + 1, target - slotCount + 1);
    this.#tick = target;
    for (let tick = from; tick <= target; tick += 1) {
      for (const entry of this.#slots[tick % slotCount] ?? []) if (entry.wheelDueMs <= nowMs) this.#visit(entry, visit);
    }
  }

  #visit(entry: T, visit: (entry: T) => void): void {
    this.cancel(entry);
    visit(entry);
  }
}
