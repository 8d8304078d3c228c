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
    this.#order = this.#changed.size > manyChanges ? this.#merged() : this.#moved();
    for (const [chatId, entry] of this.#changed) {
      if (entry === undefined) this.#shown.delete(chatId);
      else this.#shown.set(chatId, entry);
    }
    this.#changed.clear();
    return this.#order;
  }

  #moved(): OverviewEntry[] {
    const order = [...this.#order];
    for (const [chatId, entry] of this.#changed) {
      const before = this.#shown.get(chatId);
      if (before !== undefined) order.splice(order.indexOf(before), 1);
      if (entry !== undefined)
        order.splice(
          placeIn(order, (other) => compareActivity(other, entry) < 0),
          0,
          entry,
        );
    }
    return order;
  }

  /** The lines that did not move are in order: they are not compared with one another. */
  #merged(): OverviewEntry[] {
    const fresh = [...this.#changed.values()].filter((entry) => entry !== undefined).sort(compareActivity);
    const order: OverviewEntry[] = [];
    let next = fresh.shift();
    for (const kept of this.#order) {
      if (this.#changed.has(kept.id)) continue;
      for (; next !== undefined && compareActivity(next, kept) < 0; next = fresh.shift()) order.push(next);
      order.push(kept);
    }
    return next === undefined ? order : [...order, next, ...fresh];
  }
}
