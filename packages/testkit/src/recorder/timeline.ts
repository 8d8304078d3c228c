import type { Event } from '@carillon/protocol';

/**
 * What one user shows of one chat: events in `seq` order, each once. `hwm` is how far it is complete; undefined until it is known
 * where the user's membership began, and everything waits. An event beyond a hole is held until the hole is filled, or told empty.
 */
export class Timeline {
  readonly chatId: string;
  readonly events: Event[] = [];
  readonly #held = new Map<number, Event>();
  #hwm: number | undefined;
  /** The highest seq that is known to exist: a hole below it has to be filled. */
  #head = 0;

  constructor(chatId: string) {
    this.chatId = chatId;
  }

  get hwm(): number | undefined {
    return this.#hwm;
  }

  get hasHole(): boolean {
    return this.#hwm === undefined || this.#hwm < this.#head;
  }

  /** Complete up to here; further calls never move back. */
  begin(seq: number): void {
    this.#hwm ??= seq;
    this.#drain();
  }

  /** There are events up to `seq`: a watermark or a head said so. */
  expect(seq: number): void {
    this.#head = Math.max(this.#head, seq);
  }

  offer(event: Event): 'applied' | 'held' | 'duplicate' {
    if ((this.#hwm !== undefined && event.seq <= this.#hwm) || this.#held.has(event.seq)) return 'duplicate';
    this.#held.set(event.seq, event);
    this.expect(event.seq);
    this.#drain();
    return this.#held.has(event.seq) ? 'held' : 'applied';
  }

  /** A page of `/events`: complete up to its `seq`, whatever numbers it skips. */
  fill(events: readonly Event[], seq: number): void {
    for (const event of events) if (event.seq > (this.#hwm ?? 0)) this.#apply(event);
    this.#hwm = Math.max(this.#hwm ?? 0, seq);
    for (const held of this.#held.keys()) if (held <= this.#hwm) this.#held.delete(held);
    this.#drain();
  }

  /** Nobody tells what lies in the hole: the chat ended for this user. */
  giveUp(): void {
    this.#held.clear();
    this.#head = this.#hwm ?? 0;
  }

  #drain(): void {
    while (this.#hwm !== undefined) {
      const next = this.#held.get(this.#hwm + 1);
      if (next === undefined) return;
      this.#held.delete(next.seq);
      this.#apply(next);
    }
  }

  #apply(event: Event): void {
    this.events.push(event);
    this.#hwm = event.seq;
  }
}
