import type { Clock } from '@carillon/client';
import { SeqTracker } from './seq-tracker.ts';

export type FrameEntry = {
  readonly number: number;
  readonly atMs: number;
  /** `lost`: it came, and the fault «lose frames» kept it from the SDK. */
  readonly direction: 'in' | 'out' | 'lost';
  readonly text: string;
};

/** What happened to this tab's events since the counts were last cleared. */
export type WireCounts = {
  readonly pushed: number;
  readonly lost: number;
  /** Pushed again, and dropped by the SDK. */
  readonly duplicates: number;
  /** Fetched over HTTP because no push brought them. */
  readonly fetched: number;
  readonly connects: number;
};

export type WireSnapshot = {
  readonly frames: readonly FrameEntry[];
  readonly counts: WireCounts;
  /** Events that are missing before others, over all chats. */
  readonly holes: number;
};

/** When an event came to this tab first, and how; when its request left, if it was sent from here. */
export type Arrival = { readonly sentAtMs?: number; readonly atMs?: number; readonly by?: 'push' | 'http' };

const maxFrames = 200;
const maxArrivals = 1_000;
const maxChats = 500;
const noCounts: WireCounts = { pushed: 0, lost: 0, duplicates: 0, fetched: 0, connects: 0 };
const tellEveryMs = 100;

/** What passed between one client and the servers: the last 200 frames, counts, and when each event came. Told at most every 100 ms. */
export class WireLog {
  readonly #clock: Clock;
  readonly #chats = new Map<string, SeqTracker>();
  readonly #arrivals = new Map<string, Arrival>();
  readonly #listeners = new Set<() => void>();
  #frames: readonly FrameEntry[] = [];
  #number = 0;
  #counts = noCounts;
  #snapshot: WireSnapshot = { frames: [], counts: noCounts, holes: 0 };
  #isTold = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): WireSnapshot => this.#snapshot;

  connected(): void {
    this.#count('connects', 1);
  }

  frame(direction: FrameEntry['direction'], text: string): void {
    this.#number += 1;
    const entry = { number: this.#number, atMs: this.#clock.nowMs(), direction, text };
    this.#frames = [...this.#frames.slice(1 - maxFrames), entry];
    if (direction === 'lost') this.#count('lost', 1);
    else if (direction === 'in') this.#take(text);
    this.#changed();
  }

  /** The message's request left at `atMs`, and this is its place. */
  sent(chatId: string, seq: number, atMs: number): void {
    this.#note(chatId, seq, { sentAtMs: atMs });
  }

  fetched(chatId: string, seq: number): void {
    if (this.#tracker(chatId).came(seq) === 'known') return;
    this.#count('fetched', 1);
    this.#note(chatId, seq, { atMs: this.#clock.nowMs(), by: 'http' });
  }

  /** An answer holds the effect of everything up to here. */
  complete(chatId: string, upTo: number): void {
    this.#count('fetched', this.#tracker(chatId).isComplete(upTo));
  }

  arrival(chatId: string, seq: number): Arrival | undefined {
    return this.#arrivals.get(`${chatId} ${seq}`);
  }

  clearCounts(): void {
    this.#counts = noCounts;
    this.#changed();
  }

  #take(text: string): void {
    const event = eventOf(text);
    if (event === undefined) return;
    const { chatId, seq } = event;
    this.#count('pushed', 1);
    if (this.#tracker(chatId).came(seq) === 'known') this.#count('duplicates', 1);
    if (this.arrival(chatId, seq)?.atMs === undefined) this.#note(chatId, seq, { atMs: this.#clock.nowMs(), by: 'push' });
  }

  #tracker(chatId: string): SeqTracker {
    const tracker = this.#chats.get(chatId) ?? new SeqTracker();
    this.#chats.set(chatId, tracker);
    forgetOldest(this.#chats, maxChats);
    return tracker;
  }

  #note(chatId: string, seq: number, arrival: Arrival): void {
    const key = `${chatId} ${seq}`;
    this.#arrivals.set(key, { ...this.#arrivals.get(key), ...arrival });
    forgetOldest(this.#arrivals, maxArrivals);
  }

  #count(what: keyof WireCounts, more: number): void {
    if (more === 0) return;
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + more };
    this.#changed();
  }

  #changed(): void {
    if (!this.#isTold) return;
    this.#isTold = false;
    this.#clock.after(tellEveryMs, () => {
      this.#isTold = true;
      const holes = [...this.#chats.values()].reduce((sum, tracker) => sum + tracker.holes, 0);
      this.#snapshot = { frames: this.#frames, counts: this.#counts, holes };
      for (const listener of this.#listeners) listener();
    });
  }
}

/** The head of an event frame, read off without parsing the rest: a tab may get hundreds a second. */
function eventOf(text: string): { chatId: string; seq: number } | undefined {
  const found = /^\{"type":"event","event":"[a-z.]+","chat_id":"([^"]+)","seq":(\d+)/.exec(text);
  return found === null ? undefined : { chatId: found[1] ?? '', seq: Number(found[2]) };
}

function forgetOldest<K>(map: Map<K, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
