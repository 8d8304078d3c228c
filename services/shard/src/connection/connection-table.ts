import type { Connection } from './connection.ts';

/**
 * The sockets of this shard by user. A user's connections form a chain from the newest to the oldest, so that delivery walks it
 * without an allocation; also those that are still registering, whose frames wait in their queues. Bound: what admission lets in
 * (SHARD_MAX_CONNECTIONS).
 */
export class ConnectionTable {
  readonly #newest = new Map<string, Connection>();
  readonly #open = new Set<Connection>();

  /** All open sockets, those without a user yet included. */
  get size(): number {
    return this.#open.size;
  }

  /** A snapshot: closing while walking is safe. */
  all(): Connection[] {
    return [...this.#open];
  }

  /** The same without a copy, for a look at each: nothing may be opened or closed meanwhile. */
  each(): Iterable<Connection> {
    return this.#open;
  }

  isHere(userId: string): boolean {
    return this.#newest.has(userId);
  }

  /** The user's newest connection, then `next`; undefined when the user has none here. */
  newestOf(userId: string): Connection | undefined {
    return this.#newest.get(userId);
  }

  open(connection: Connection): void {
    this.#open.add(connection);
  }

  /** The connection belongs to its `userId` from now on and receives what comes for them. */
  join(connection: Connection): void {
    connection.next = this.#newest.get(connection.userId);
    this.#newest.set(connection.userId, connection);
  }

  /** The user's connections beyond the newest `limit`, oldest last. */
  surplusOf(userId: string, limit: number): Connection[] {
    const surplus: Connection[] = [];
    let place = 0;
    for (let connection = this.newestOf(userId); connection !== undefined; connection = connection.next) {
      place += 1;
      if (place > limit) surplus.push(connection);
    }
    return surplus;
  }

  /** True: it was the last one of its user. */
  remove(connection: Connection): boolean {
    this.#open.delete(connection);
    const newest = this.#newest.get(connection.userId);
    if (newest === undefined) return false;
    if (newest !== connection) {
      unchain(newest, connection);
      return false;
    }
    if (connection.next !== undefined) {
      this.#newest.set(connection.userId, connection.next);
      return false;
    }
    return this.#newest.delete(connection.userId);
  }
}

function unchain(newest: Connection, gone: Connection): void {
  let connection: Connection | undefined = newest;
  while (connection !== undefined && connection.next !== gone) connection = connection.next;
  if (connection !== undefined) connection.next = gone.next;
}
