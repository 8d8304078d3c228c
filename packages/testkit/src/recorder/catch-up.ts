import { type Event, eventPageSchema, headsPageSchema, overviewEntrySchema, overviewPageSchema, syncPageSchema } from '@carillon/protocol';
import type { Answer, ApiClient } from '../api-client.ts';
import type { ReaderRecord } from './reader-record.ts';
import { Timeline } from './timeline.ts';
import { Timers } from './timers.ts';

type Api = Pick<ApiClient, 'call'> & { expect(userId: string, method: string, path: string): Promise<unknown> };
type CatchUpOptions = { readonly api: Api; readonly userId: string; readonly record: ReaderRecord };

/** What is missing may still be on its way: only a hole that stays so long is fetched. */
const holeMs = 200;
const retryMs = 250;

/**
 * One user's timelines, and the pull half of the contract that keeps them whole: snapshot, `/v1/sync`, `/events` for a hole, heads.
 * Merges what is pushed meanwhile. One request at a time; an API that is away or says 503 is asked again until it answers.
 */
export class CatchUp implements AsyncDisposable {
  readonly #options: CatchUpOptions;
  readonly #timelines = new Map<string, Timeline>();
  readonly #holes = new Set<string>();
  readonly #timers = new Timers();
  #cursor: string | undefined;
  #needsSync = false;
  #needsHeads = false;
  #isStopped = false;
  #running: Promise<void> | undefined;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  timelines(): ReadonlyMap<string, Timeline> {
    return this.#timelines;
  }

  /** The snapshot is loaded, and nothing is known to be missing. */
  get isWhole(): boolean {
    return this.#cursor !== undefined && this.#running === undefined && ![...this.#timelines.values()].some((one) => one.hasHole);
  }

  /** The first time this loads the overview instead. */
  sync(): void {
    this.#needsSync = true;
    this.#run();
  }

  checkHeads(): void {
    this.#needsHeads = true;
    this.#run();
  }

  /** From a push or a sync: in order, held, or seen before. */
  merge(event: Event): void {
    const timeline = this.#timelineOf(event.chat_id);
    if (timeline.hwm === undefined && isJoin(event, this.#options.userId)) timeline.begin(event.seq - 1);
    if (timeline.offer(event) === 'duplicate') this.#options.record.duplicates += 1;
    if (timeline.hasHole) this.expect(event.chat_id, event.seq);
  }

  /** The chat has events up to this one. */
  expect(chatId: string, seq: number): void {
    const timeline = this.#timelineOf(chatId);
    timeline.expect(seq);
    this.#timers.after(holeMs, () => {
      if (!timeline.hasHole) return;
      this.#holes.add(chatId);
      this.#run();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#timers[Symbol.dispose]();
    await this.#running;
  }

  #timelineOf(chatId: string): Timeline {
    const timeline = this.#timelines.get(chatId) ?? new Timeline(chatId);
    this.#timelines.set(chatId, timeline);
    return timeline;
  }

  #run(): void {
    this.#running ??= this.#untilWhole().finally(() => {
      this.#running = undefined;
    });
  }

  async #untilWhole(): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (!(await this.#step())) return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, retryMs)); // away, or 503: as any client, again
      }
    }
  }

  /** False when there is nothing to do. */
  async #step(): Promise<boolean> {
    const [hole] = this.#holes;
    if (this.#cursor === undefined) await this.#loadOverview();
    else if (this.#needsSync) await this.#readSync(this.#cursor);
    else if (hole !== undefined) await this.#fillHole(this.#timelineOf(hole));
    else if (this.#needsHeads) await this.#readHeads(this.#cursor);
    else return false;
    return true;
  }

  /** The cursor is that of the first page: what happens while the chats are read comes again by sync. */
  async #loadOverview(): Promise<void> {
    let first: string | undefined;
    for (let next: string | null = ''; next !== null; ) {
      const page = overviewPageSchema.parse(await this.#expect(`/v1/chats?limit=100${next === '' ? '' : `&cursor=${next}`}`));
      for (const entry of page.chats) {
        const timeline = this.#timelineOf(entry.id);
        timeline.begin(entry.my_joined_seq - 1);
        timeline.expect(entry.seq);
        await this.#fill(timeline);
      }
      first ??= page.sync_cursor;
      next = page.next_cursor;
    }
    this.#cursor = first;
    this.#needsSync = false;
  }

  /**
   * Events of one chat from a sync: all that was to be seen since the last one, so the numbers between them are nobody's hole. Only so
   * a stay that began and ended meanwhile is shown: `/events` answers nothing any more.
   */
  #mergeRun(events: readonly Event[]): void {
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return;
    const timeline = this.#timelineOf(first.chat_id);
    if (timeline.hwm === undefined && isJoin(first, this.#options.userId)) timeline.begin(first.seq - 1);
    if (timeline.hwm === undefined) for (const event of events) this.merge(event);
    else timeline.fill(events, last.seq);
  }

  async #readSync(from: string): Promise<void> {
    const { record } = this.#options;
    this.#needsSync = false;
    record.syncs += 1;
    try {
      for (let cursor = from, hasMore = true; hasMore; ) {
        const page = syncPageSchema.parse(await this.#expect(`/v1/sync?cursor=${encodeURIComponent(cursor)}&limit=100`));
        if (page.too_long) record.faults.push('sync says too_long');
        record.fetch(page.events);
        for (const events of byChat(page.events)) this.#mergeRun(events);
        cursor = page.next_cursor;
        this.#cursor = cursor;
        hasMore = page.has_more;
      }
    } catch (error) {
      this.#needsSync = true;
      throw error;
    }
  }

  /** A hole that pushes left. What a snapshot reads is not counted: that is how it is loaded. */
  async #fillHole(timeline: Timeline): Promise<void> {
    if (timeline.hasHole) this.#options.record.gapFetches += 1;
    await this.#fill(timeline);
  }

  async #fill(timeline: Timeline): Promise<void> {
    if (timeline.hwm === undefined && !(await this.#learnBegin(timeline))) return;
    while (timeline.hasHole) {
      const answer = await this.#get(`/v1/chats/${timeline.chatId}/events?after_seq=${timeline.hwm}&limit=100`);
      if (answer.status === 404) return this.#end(timeline);
      const page = eventPageSchema.parse(answer.body);
      this.#options.record.fetch(page.events);
      timeline.fill(page.events, page.seq);
      if (!page.has_more) break;
    }
    this.#holes.delete(timeline.chatId);
  }

  /** An event of a chat that is not known. False when the chat has ended for this user by now. */
  async #learnBegin(timeline: Timeline): Promise<boolean> {
    const answer = await this.#get(`/v1/chats/${timeline.chatId}`);
    if (answer.status === 404) await this.#end(timeline);
    else timeline.begin(overviewEntrySchema.parse(answer.body).my_joined_seq - 1);
    return answer.status !== 404;
  }

  /** Left or removed behind the hole: sync tells the events up to the end, or there is nothing more to tell. */
  async #end(timeline: Timeline): Promise<void> {
    if (this.#cursor !== undefined) await this.#readSync(this.#cursor);
    if (timeline.hasHole) timeline.giveUp();
    this.#holes.delete(timeline.chatId);
  }

  async #readHeads(from: string): Promise<void> {
    this.#needsHeads = false;
    for (let cursor = from, hasMore = true; hasMore; ) {
      const page = headsPageSchema.parse(await this.#expect(`/v1/heads?cursor=${encodeURIComponent(cursor)}&limit=100`));
      for (const head of page.heads) {
        if (head.seq <= (this.#timelineOf(head.chat_id).hwm ?? 0)) continue;
        this.#options.record.headsHits += 1;
        this.expect(head.chat_id, head.seq);
      }
      cursor = page.next_cursor;
      hasMore = page.has_more;
    }
  }

  #expect(path: string): Promise<unknown> {
    return this.#options.api.expect(this.#options.userId, 'GET', path);
  }

  /** 200 or 404; anything else is an error, which is tried again. */
  async #get(path: string): Promise<Answer> {
    const answer = await this.#options.api.call(this.#options.userId, 'GET', path);
    if (answer.status !== 200 && answer.status !== 404) throw new Error(`GET ${path} answered ${answer.status}`);
    return answer;
  }
}

/** A page is ordered by chat, then by `seq`. */
function byChat(events: readonly Event[]): Iterable<readonly Event[]> {
  const chats = new Map<string, Event[]>();
  for (const event of events) {
    const ofChat = chats.get(event.chat_id);
    if (ofChat === undefined) chats.set(event.chat_id, [event]);
    else ofChat.push(event);
  }
  return chats.values();
}

function isJoin(event: Event, userId: string): boolean {
  if (event.event === 'chat.created') return true;
  return event.event === 'member.added' && event.data.members.some((member) => member.user_id === userId);
}
