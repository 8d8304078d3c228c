import exec from 'k6/execution';
import { clearInterval, setInterval, setTimeout } from 'k6/timers';
import { type Group, groupsOf, readerCount, readerName } from './audience.ts';
import { count, times } from './metrics.ts';
import { type Phases, phasesOf } from './phases.ts';
import { Reader } from './reader.ts';
import { profile, type ScenarioSettings } from './settings.ts';
import type { Chat } from './setup-chats.ts';
import { type Tags, Telemetry, tellPhases } from './telemetry.ts';

const pollMs = 500;

/** What a scenario adds to holding its readers. */
export type Play = {
  /** Called once a second: the faults that it plays on them. */
  readonly tick?: (pool: SocketPool, phases: Phases, nowMs: number) => void;
  /** The tags of a latency sample, by the message's intended time; undefined: no sample. Default: the steady phase, without tags. */
  readonly tags?: (intendedMs: number, phases: Phases) => Tags | undefined;
};

/**
 * The readers of one VU, in one event loop. Its iteration lasts from the first connect until every reader has every event, or
 * `settleSeconds` have passed: what is missing then is lost.
 */
export class SocketPool {
  readonly readers: readonly Reader[];
  readonly #settings: ScenarioSettings;
  readonly #phases: Phases;
  readonly #play: Play;
  readonly #telemetry = new Telemetry();

  constructor(settings: ScenarioSettings, chats: readonly Chat[], share: number, play: Play) {
    this.#settings = settings;
    this.#play = play;
    this.#phases = phasesOf(settings, exec.scenario.startTime);
    if (share === 0) tellPhases(this.#phases);
    const first = share * profile.socketsPerVu;
    const last = Math.min(first + profile.socketsPerVu, readerCount(settings));
    this.readers = indexes(first, last).map((index) => this.#reader(index, chats));
    this.#connectAll(first);
  }

  /** Until the run is over. */
  hold(): void {
    const tick = setInterval(() => {
      this.#telemetry.flush();
      this.#play.tick?.(this, this.#phases, Date.now());
    }, 1_000);
    setTimeout(() => void this.#settle().then(() => clearInterval(tick)), this.#phases.publishedMs - Date.now());
  }

  #reader(index: number, chats: readonly Chat[]): Reader {
    const group = groupOf(index, groupsOf(this.#settings));
    const chat = chats[group.index];
    if (chat === undefined) throw new Error(`no chat for group ${group.index}`);
    const tagsOf = this.#play.tags ?? ((intendedMs: number, { steadyMs }: Phases) => (intendedMs >= steadyMs ? {} : undefined));
    return new Reader(readerName(index), { ...chat, audience: group.audience }, this.#telemetry, (intendedMs) =>
      tagsOf(intendedMs, this.#phases),
    );
  }

  /** Each reader has its turn in the connect phase, whatever happened to those before: an open model for connects too. */
  #connectAll(first: number): void {
    const total = readerCount(this.#settings);
    for (const [n, reader] of this.readers.entries()) {
      const dueMs = this.#phases.startMs + ((first + n) / total) * this.#settings.connectSeconds * 1_000;
      setTimeout(() => void reader.connect(dueMs), Math.max(0, dueMs - Date.now()));
    }
  }

  async #settle(): Promise<void> {
    const deadlineMs = Date.now() + this.#settings.settleSeconds * 1_000;
    let truth = await this.#readTruth();
    while (Date.now() < deadlineMs && !this.#isComplete(truth)) {
      await new Promise<void>((resolve) => setTimeout(() => resolve(), pollMs));
      truth = await this.#readTruth();
    }
    for (const reader of this.readers) {
      const seq = truth.get(reader.chat.id) ?? Number.POSITIVE_INFINITY;
      const expected = seq - reader.record.base;
      const lost = reader.record.missing(seq);
      count.lost.add(lost);
      if (expected > 0) times.reach.add((expected - lost) / expected);
      reader.end();
    }
    this.#telemetry.flush();
  }

  #isComplete(truth: ReadonlyMap<string, number>): boolean {
    return this.readers.every(
      (reader) => reader.isSettled(Date.now()) && reader.record.missing(truth.get(reader.chat.id) ?? Number.POSITIVE_INFINITY) === 0,
    );
  }

  /** The chats' last `seq`, from the database. */
  async #readTruth(): Promise<Map<string, number>> {
    const truth = new Map<string, number>();
    for (const reader of this.readers) {
      if (truth.has(reader.chat.id)) continue;
      const seq = await reader.chatSeq();
      if (seq !== undefined) truth.set(reader.chat.id, seq);
    }
    return truth;
  }
}

function groupOf(reader: number, groups: readonly Group[]): Group {
  const group = groups.findLast(({ firstReader }) => firstReader <= reader);
  if (group === undefined) throw new Error(`reader ${reader} is in no group`);
  return group;
}

function indexes(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first) }, (_, n) => first + n);
}
