import { AppError } from '@carillon/protocol';
import type { Clock } from '@carillon/runtime';

type Limits = { readonly inFlight: number; readonly waiting: number; readonly waitMs: number };

type Lane = { inFlight: number; readonly waiting: (() => void)[] };

/**
 * Two writers keep a chat's lock busy; more would only hold connections that other chats need. They write some hundreds a second,
 * so the wait refuses a lasting overload; the waiting list only bounds memory, and a burst fits into it.
 */
export const writeGateLimits: Limits = { inFlight: 2, waiting: 1_000, waitMs: 5_000 };

/**
 * Lets at most `inFlight` writes of one chat into the database at a time, first come, first served, so that one hot chat
 * cannot take the pool. More than `waiting` others, or a wait of `waitMs`: AppError('unavailable').
 */
export class WriteGate {
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Chats with a write in flight or waiting: none is kept once it is quiet. */
  get size(): number {
    return this.#lanes.size;
  }

  async run<T>(chatId: string, write: () => Promise<T>): Promise<T> {
    const lane = this.#lane(chatId);
    if (lane.inFlight < this.#limits.inFlight) lane.inFlight += 1;
    else await this.#wait(lane);
    try {
      return await write();
    } finally {
      this.#leave(chatId, lane);
    }
  }

  #lane(chatId: string): Lane {
    const known = this.#lanes.get(chatId);
    if (known !== undefined) return known;
    const lane = { inFlight: 0, waiting: [] };
    this.#lanes.set(chatId, lane);
    return lane;
  }

  /** Resolves once the place of a finished write is this one's; `inFlight` already counts it. */
  async #wait(lane: Lane): Promise<void> {
    if (lane.waiting.length >= this.#limits.waiting) throw overloaded();
    const deadline = new AbortController();
    let expired: Promise<void> | undefined;
    const entered = new Promise<void>((enter) => {
      lane.waiting.push(enter);
      expired = this.#clock.sleep(this.#limits.waitMs, deadline.signal).then(() => giveUp(lane, enter));
    });
    try {
      await Promise.race([entered, expired]);
    } finally {
      deadline.abort();
    }
  }

  #leave(chatId: string, lane: Lane): void {
    const next = lane.waiting.shift();
    if (next === undefined) lane.inFlight -= 1;
    else next();
    if (lane.inFlight === 0) this.#lanes.delete(chatId);
  }
}

/** A waiter that was let in at the same moment goes on. */
function giveUp(lane: Lane, enter: () => void): void {
  const place = lane.waiting.indexOf(enter);
  if (place === -1) return;
  lane.waiting.splice(place, 1);
  throw overloaded();
}

function overloaded(): AppError {
  return new AppError('unavailable', { detail: 'Too many writes to this chat are waiting', retryAfterSeconds: 1 });
}
