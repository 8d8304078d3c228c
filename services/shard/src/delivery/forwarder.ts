import type { ShardToken } from '@carillon/presence';
import type { Clock, Logger } from '@carillon/runtime';
import { type Inbox, InboxEntryError, InboxGoneError, type InboxItem, itemBytes } from '../inbox/inbox.ts';

/** `gone`: the receiver has no inbox, so that life of it is over. `failed`: not handed over, or not known to be. */
export type ForwardResult = 'sent' | 'gone' | 'failed';

type ForwarderOptions = {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told once per notification (`carillon_forwarded_total{result}`), not for notices and acknowledgements. */
  readonly onForwarded: (result: ForwardResult) => void;
};

type Waiting = { readonly item: InboxItem; readonly bytes: number; readonly settle: (result: ForwardResult) => void };
type Queue = { readonly to: ShardToken; waiting: Waiting[]; bytes: number };

/** What may wait for one receiver; beyond it a forward fails at once. */
const maxWaitingItems = 10_000;
const maxWaitingBytes = 8 << 20;
/** What one entry takes. A single item may exceed the bytes, up to the inbox's own limit. */
const maxPackItems = 256;
const maxPackBytes = 256 << 10;
/** After a failure nobody waits for the inbox for this long: else every record would cost its lane the send's deadline. */
const downMs = 1_000;

/**
 * Hands items to other shards' inboxes, in order per receiver: all that waits for one receiver leaves packed, one entry in
 * flight. An item waits at most for the entry before it and its own, 300 ms each. A failed item is never tried again, and its
 * receiver sees the gap; the caller decides what that means [R2].
 */
export class Forwarder implements Disposable {
  readonly #options: ForwarderOptions;
  readonly #queues = new Map<ShardToken, Queue>();
  #downUntilMs = Number.NEGATIVE_INFINITY;
  #isDisposed = false;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  forward(to: ShardToken, item: InboxItem): Promise<ForwardResult> {
    return new Promise((resolve) => {
      const settle = (result: ForwardResult) => {
        if (item.kind === 'forward') this.#options.onForwarded(result);
        resolve(result);
      };
      this.#enqueue(to, { item, bytes: itemBytes(item), settle });
    });
  }

  /** A send failed less than a second ago: forwards fail at once. */
  isDown(): boolean {
    return this.#options.clock.monotonicMs() < this.#downUntilMs;
  }

  /** What waits fails; what is in flight ends by itself. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#failAll();
  }

  #enqueue(to: ShardToken, waiting: Waiting): void {
    const queue = this.#queues.get(to);
    const isFull = queue !== undefined && (queue.waiting.length >= maxWaitingItems || queue.bytes + waiting.bytes > maxWaitingBytes);
    if (this.#isDisposed || this.isDown() || isFull) {
      this.#options.inbox.skip(to);
      waiting.settle('failed');
      return;
    }
    if (queue !== undefined) {
      queue.waiting.push(waiting);
      queue.bytes += waiting.bytes;
      return;
    }
    const opened = { to, waiting: [waiting], bytes: waiting.bytes };
    this.#queues.set(to, opened);
    // A turn later, so that all that this turn forwards leaves in one entry.
    queueMicrotask(() => void this.#drain(opened));
  }

  /** Runs as long as something waits; there is one run per queue. */
  async #drain(queue: Queue): Promise<void> {
    while (queue.waiting.length > 0) {
      const pack = takePack(queue);
      const result = await this.#send(queue.to, pack);
      for (const { settle } of pack) settle(result);
      if (result === 'gone') failQueue(queue, 'gone');
    }
    this.#queues.delete(queue.to);
  }

  async #send(to: ShardToken, pack: readonly Waiting[]): Promise<ForwardResult> {
    try {
      await this.#options.inbox.send(
        to,
        pack.map(({ item }) => item),
      );
      return 'sent';
    } catch (err) {
      if (err instanceof InboxGoneError) return 'gone';
      this.#options.logger.warn({ err, to }, 'forwarding failed');
      if (err instanceof InboxEntryError) return 'failed';
      this.#downUntilMs = this.#options.clock.monotonicMs() + downMs;
      this.#failAll();
      return 'failed';
    }
  }

  #failAll(): void {
    for (const queue of this.#queues.values()) {
      if (queue.waiting.length > 0) this.#options.inbox.skip(queue.to);
      failQueue(queue, 'failed');
    }
  }
}

function takePack(queue: Queue): Waiting[] {
  let count = 0;
  let bytes = 0;
  for (const waiting of queue.waiting) {
    if (count === maxPackItems || (count > 0 && bytes + waiting.bytes > maxPackBytes)) break;
    count += 1;
    bytes += waiting.bytes;
  }
  queue.bytes -= bytes;
  return queue.waiting.splice(0, count);
}

function failQueue(queue: Queue, result: ForwardResult): void {
  for (const { settle } of queue.waiting.splice(0)) settle(result);
  queue.bytes = 0;
}
