import { compareActivity } from './overview.ts';
import { placeIn } from './place.ts';
import type { OverviewEntry } from './wire.ts';

const manyChanges = 32;

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

  /** The same array until something changed. */
  list(): readonly OverviewEntry[] {
    if (this.#changed.size === 0) return this.#order;
    const isMuch = this.#changed.size > manyChanges;
    const order = isMuch ? this.#order.filter(({ id }) => !this.#changed.has(id)) : [...this.#order];
    for (const [chatId, entry] of this.#changed) {
      const before = this.#shown.get(chatId);
      if (before !== undefined && !isMuch) order.splice(order.indexOf(before), 1);
      if (entry === undefined) this.#shown.delete(chatId);
      else {
        this.#shown.set(chatId, entry);
        const at = isMuch ? order.length : placeIn(order, (other) => compareActivity(other, entry) < 0);
        order.splice(at, 0, entry);
      }
    }
    // Two sorted runs, or nearly: that is quick.
    if (isMuch) order.sort(compareActivity);
    this.#changed.clear();
    this.#order = order;
    return order;
  }
}
