import { compareActivity } from './overview.ts';
import type { OverviewEntry } from './wire.ts';

const rebuildFrom = 32;

/** The lines of the overview in their order. A change of one among thousands costs a search, not a sort. */
export class OverviewOrder {
  readonly #shown = new Map<string, OverviewEntry>();
  readonly #changed = new Map<string, OverviewEntry | undefined>();
  #order: readonly OverviewEntry[] = [];

  /** The line of this chat now; undefined where it is not shown. */
  put(chatId: string, entry: OverviewEntry | undefined): boolean {
    const before = this.#changed.has(chatId) ? this.#changed.get(chatId) : this.#shown.get(chatId);
    if (before === entry) return false;
    this.#changed.set(chatId, entry);
    return true;
  }

  clear(): void {
    this.#shown.clear();
    this.#changed.clear();
    this.#order = [];
  }

  /** The same array until something changed. */
  list(): readonly OverviewEntry[] {
    if (this.#changed.size === 0) return this.#order;
    const isMuch = this.#changed.size > rebuildFrom;
    const order = isMuch ? [] : [...this.#order];
    for (const [chatId, entry] of this.#changed) {
      if (!isMuch) this.#move(order, this.#shown.get(chatId), entry);
      if (entry === undefined) this.#shown.delete(chatId);
      else this.#shown.set(chatId, entry);
    }
    this.#changed.clear();
    this.#order = isMuch ? [...this.#shown.values()].sort(compareActivity) : order;
    return this.#order;
  }

  #move(order: OverviewEntry[], before: OverviewEntry | undefined, after: OverviewEntry | undefined): void {
    if (before !== undefined) order.splice(order.indexOf(before), 1);
    if (after !== undefined) order.splice(placeOf(order, after), 0, after);
  }
}

function placeOf(order: readonly OverviewEntry[], entry: OverviewEntry): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = order[middle];
    if (other !== undefined && compareActivity(other, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
