import type { EventLogWriter } from '@carillon/event-log';
import type { Presence } from '@carillon/presence';
import { type DependencyState, type Health, withDeadline } from '@carillon/runtime';
import type { Database } from '@carillon/store';

type Parts = {
  readonly database: Pick<Database, 'ping'>;
  readonly writer: Pick<EventLogWriter, 'isOpen'>;
  readonly presence: Pick<Presence, 'isConnected'>;
  readonly isDraining: () => boolean;
};

const pingMs = 2_000;

/** What an API says of itself: it needs Postgres; the loss of Kafka or Redis, or what stands in for them, makes it slower, never unready [L6]. */
export class ApiHealth implements Health {
  readonly #parts: Parts;
  #isStarted = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  markStarted(): void {
    this.#isStarted = true;
  }

  isStarted(): boolean {
    return this.#isStarted;
  }

  isDraining(): boolean {
    return this.#parts.isDraining();
  }

  async dependencies(): Promise<readonly DependencyState[]> {
    return [
      { name: 'postgres', required: true, ...(await this.#postgres()) },
      { name: 'kafka', required: false, up: this.#parts.writer.isOpen() },
      { name: 'redis', required: false, up: this.#parts.presence.isConnected() },
    ];
  }

  async #postgres(): Promise<{ up: boolean; detail?: string }> {
    try {
      await withDeadline(this.#parts.database.ping(), pingMs, 'the ping');
      return { up: true };
    } catch (error) {
      return { up: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }
}
