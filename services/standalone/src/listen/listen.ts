import {
  authenticatedFrameSchema,
  mayReconnect,
  protocolVersion,
  readyFrameSchema,
  reconnectFrameSchema,
  ticketPrefix,
} from '@carillon/protocol';
import { type Clock, fullJitterMs, type Service, StartError } from '@carillon/runtime';
import { WebSocket } from 'ws';
import type { ListenOptions } from './parse-listen-args.ts';
import { frameLine } from './print-frame.ts';
import { type Ticket, takeTicket } from './ticket-source.ts';

type Parts = { readonly clock: Clock; readonly print: (line: string) => void; readonly note: (line: string) => void };

/** Where to connect, and with what; a shard's advice does not name the shard. */
type Address = Pick<Ticket, 'ticket' | 'url'> & { readonly shard_id?: string };

/** How a connection went; `next` is the shard's advice where to go on. */
type Outcome = { readonly code: number; readonly reason: string; readonly wasReady: boolean; readonly next?: Address };

const renewBeforeMs = 60_000;
const retry = { baseMs: 500, capMs: 30_000 };

/**
 * Prints what is pushed to a user until it is stopped: answers pings, renews its credential before it ends, comes back after
 * a cut. The first connection must succeed; later ones are retried with full jitter.
 */
export class Listener implements Service {
  readonly #options: ListenOptions;
  readonly #parts: Parts;
  readonly #stopping = new AbortController();

  constructor(options: ListenOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    let ticket: Address | undefined = await takeTicket(this.#options.apiUrl, this.#options.userId);
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const outcome: Outcome | undefined = ticket === undefined ? undefined : await this.#connectOrFail(ticket);
      if (signal.aborted) return;
      if (outcome?.wasReady) attempt = 0;
      await this.#parts.clock.sleep(fullJitterMs(attempt, retry, Math.random), signal).catch(() => undefined);
      ticket = outcome?.next ?? (await this.#retryTicket(outcome?.wasReady === false ? ticket?.shard_id : undefined));
    }
  }

  /** Throws StartError where coming back is of no use. */
  async #connectOrFail(ticket: Address): Promise<Outcome> {
    const outcome = await this.#connect(ticket);
    if (mayReconnect(outcome.code)) return outcome;
    throw new StartError(`the shard closed the connection with ${outcome.code} ${outcome.reason}`);
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return Promise.resolve();
  }

  async #retryTicket(avoid?: string): Promise<Ticket | undefined> {
    if (this.#stopping.signal.aborted) return undefined;
    try {
      return await takeTicket(this.#options.apiUrl, this.#options.userId, avoid);
    } catch (error) {
      this.#parts.note(`no ticket: ${error instanceof Error ? error.message : String(error)}; trying again`);
      return undefined;
    }
  }

  #connect(ticket: Address): Promise<Outcome> {
    return new Promise((resolve) => {
      const socket = new WebSocket(`${ticket.url}/v1/ws`, [protocolVersion, `${ticketPrefix}${ticket.ticket}`], {
        handshakeTimeout: 10_000,
      });
      let wasReady = false;
      let next: Address | undefined;
      let renewal: Disposable | undefined;
      const renewBefore = (expiresAt: string) => {
        renewal?.[Symbol.dispose]();
        const ms = Math.max(1_000, Date.parse(expiresAt) - this.#parts.clock.nowMs() - renewBeforeMs);
        renewal = this.#parts.clock.every(Math.min(ms, 2 ** 31 - 1), () => void this.#renew(socket));
      };
      const close = () => socket.close(1000);
      this.#stopping.signal.addEventListener('abort', close, { once: true });
      socket.on('message', (data) => {
        const text = String(data);
        this.#parts.print(this.#options.json ? text : frameLine(text, new Date(this.#parts.clock.nowMs())));
        const frame: unknown = JSON.parse(text);
        const lifetime = readyFrameSchema.safeParse(frame).data ?? authenticatedFrameSchema.safeParse(frame).data;
        if (lifetime !== undefined) {
          wasReady = true;
          renewBefore(lifetime.expires_at);
        }
        const advice = reconnectFrameSchema.safeParse(frame).data;
        if (advice !== undefined) next = { ticket: advice.ticket, url: advice.url };
      });
      socket.on('error', (error) => this.#parts.note(`connection: ${error.message}`));
      socket.on('close', (code, reason) => {
        renewal?.[Symbol.dispose]();
        this.#stopping.signal.removeEventListener('abort', close);
        resolve({ code, reason: String(reason), wasReady, ...(next === undefined ? {} : { next }) });
      });
    });
  }

  async #renew(socket: WebSocket): Promise<void> {
    const ticket = await this.#retryTicket();
    if (ticket !== undefined && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'auth', token: ticket.ticket }));
  }
}
