import type { Frame, TestClient } from './shard-cluster.fixture.ts';

/** Where the chat stood when a frame came. */
type Seen = { readonly frame: Frame; readonly head: number };

/**
 * Judges one connection of a user who has one chat: each event behind its `ready` came, or a later frame sends the client
 * to the database. Events before `ready` are in the snapshot.
 */
export class Witness {
  readonly name: string;
  readonly client: TestClient;
  readonly #head: () => number;
  readonly #seen: Seen[] = [];

  constructor(name: string, client: TestClient, head: () => number) {
    this.name = name;
    this.client = client;
    this.#head = head;
    client.socket.on('message', (data) => this.#seen.push({ frame: JSON.parse(String(data)), head: head() }));
  }

  get isReady(): boolean {
    return this.#seen.length > 0;
  }

  /** Events that are missing, and that no frame explains. */
  unexplained(): number[] {
    const [ready] = this.#seen;
    if (ready === undefined || this.client.closed !== undefined) return [];
    const got = new Set(this.#events());
    const explainedTo = this.#explainedTo(ready);
    const expected = Array.from({ length: this.#head() - ready.head }, (_, index) => ready.head + 1 + index);
    return expected.filter((seq) => seq > explainedTo && !got.has(seq));
  }

  /** Up to where the client has looked by itself: a degraded one goes on looking. */
  #explainedTo(ready: Seen): number {
    const told = this.#seen.filter(({ frame }) => frame.type === 'resync');
    const standing = [ready, ...told].findLast(({ frame }) => frame['degraded'] === true || isStanding(frame['reason']));
    if (standing !== undefined && standing.frame['reason'] !== 'recovered') return Number.POSITIVE_INFINITY;
    return Math.max(ready.head, ...told.map(({ head }) => head));
  }

  #events(): number[] {
    return this.#seen.filter(({ frame }) => frame.type === 'event').map(({ frame }) => Number(frame['seq']));
  }
}

function isStanding(reason: unknown): boolean {
  return reason === 'degraded' || reason === 'recovered';
}
