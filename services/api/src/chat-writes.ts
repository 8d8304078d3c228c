import type { Failpoint } from '@carillon/runtime';
import type { Database } from '@carillon/store';
import type { WriteGate } from './write-gate.ts';

/** The relay, as those see it who write. */
export type Relay = { poke(chatId: string): void };

type ChatWritesParts = {
  readonly database: Database;
  readonly gate: WriteGate;
  readonly relay: Relay;
  readonly failpoint?: Failpoint | undefined;
};

const changed: readonly string[] = ['created', 'ok'];

/**
 * The way of every write that takes a chat's lock: through the gate, into one transaction, and after its commit the relay is
 * woken [D2]. A caller gets the query's outcome unchanged.
 */
export class ChatWrites {
  readonly #parts: ChatWritesParts;

  constructor(parts: ChatWritesParts) {
    this.#parts = parts;
  }

  async write<Outcome extends { readonly kind: string }>(
    chatId: string,
    query: (database: Database) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { database, gate, relay, failpoint } = this.#parts;
    const outcome = await gate.run(chatId, () => query(database));
    if (!changed.includes(outcome.kind)) return outcome;
    if (failpoint !== undefined) await failpoint('api.after_commit');
    relay.poke(chatId);
    return outcome;
  }
}
