import type { Connection } from './connection.ts';

/** What the cap needs of a connection. */
export type CappedConnection = Pick<Connection, 'schedule'> & {
  readonly queue: Pick<Connection['queue'], 'queuedBytes' | 'collapse'>;
};

/** How often the queues are added up: 50,000 empty ones take 1 ms, and what comes in between is some 20 MB at the fastest. */
export const capEveryMs = 1_000;
/** Collapsing stops below this share of the cap, so that the next second does not begin with it again. */
const relief = 0.9;

/**
 * Bounds what waits for all connections of a shard together [D14]: over the cap the largest queues collapse, as each does over its
 * own bound. A frame that waits in several queues counts in each of them, so what is counted is never less than what is held. Counted
 * once a second and not at every push: only what stays across turns counts, and delivery pays nothing.
 */
export class QueueCap {
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  enforce(connections: Iterable<CappedConnection>): void {
    let bytes = 0;
    const waiting: CappedConnection[] = [];
    for (const connection of connections) {
      if (connection.queue.queuedBytes === 0) continue;
      bytes += connection.queue.queuedBytes;
      waiting.push(connection);
    }
    if (bytes > this.#maxBytes) this.#relieve(waiting, bytes);
  }

  #relieve(waiting: CappedConnection[], total: number): void {
    let bytes = total;
    for (const connection of waiting.sort((a, b) => b.queue.queuedBytes - a.queue.queuedBytes)) {
      if (bytes <= this.#maxBytes * relief) return;
      const before = connection.queue.queuedBytes;
      connection.queue.collapse();
      connection.schedule();
      bytes -= before - connection.queue.queuedBytes;
    }
  }
}
