import { compareActivity } from './overview.ts';
import { placeIn } from './place.ts';
import type { OverviewEntry } from './wire.ts';

/** What `list` told last of a chat, and what is shown of it now; undefined where it is not. */
type Line = { told?: OverviewEntry | undefined; now?: OverviewEntry | undefined };

const manyChanges = 32;

/** The lines of the overview in their order. A change of one among thousands costs a search, not a sort. */
export class OverviewOrder {
  readonly #lines = new Map<string, Line>();
  readonly #changed = new Set<Line>();
  #order: readonly OverviewEntry[] = [];

  /** The line of this chat now; undefined where it is not shown. */
  put(chatId: string, entry: OverviewEntry | undefined): boolean {
    const line = this.#lines.get(chatId) ?? {};
    if (line.now === entry) return false;
    line.now = entry;
    this.#lines.set(chatId, line);
    this.#changed.add(line);
    return true;
  }

  /** The same array until something changed. */
  list(): readonly OverviewEntry[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    if (changed.length > manyChanges) this.#order = merged(this.#order, changed);
    else if (changed.length > 0) this.#order = moved(this.#order, changed);
    for (const line of changed) line.told = line.now;
    return this.#order;
  }
}

function moved(before: readonly OverviewEntry[], changed: readonly Line[]): OverviewEntry[] {
  const order = [...before];
  for (const { told, now } of changed) {
    if (told !== undefined) order.splice(order.indexOf(told), 1);
    if (now !== undefined)
      order.splice(
        placeIn(order, (other) => compareActivity(other, now) < 0),
        0,
        now,
      );
  }
  return order;
}

/** The lines that did not move are in order: they are not compared with one another. */
function merged(before: readonly OverviewEntry[], changed: readonly Line[]): OverviewEntry[] {
  const gone = new Set(changed.map(({ told }) => told));
  const fresh = changed.flatMap(({ now }) => now ?? []).sort(compareActivity);
  const order: OverviewEntry[] = [];
  let next = fresh.shift();
  for (const kept of before) {
    if (gone.has(kept)) continue;
    for (; next !== undefined && compareActivity(next, kept) < 0; next = fresh.shift()) order.push(next);
    order.push(kept);
  }
  return next === undefined ? order : [...order, next, ...fresh];
}
