import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Clock, DeadlineError, type Logger, withDeadline } from '@carillon/runtime';
import { getRequestListener } from '@hono/node-server';
import type { App } from './app.ts';
import { badRequest } from './bad-request.ts';

type HttpServerOptions = {
  readonly app: App;
  readonly host: string;
  readonly port: number;
  readonly drainWaitMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** A client that sends its head or its request slower than this is cut off; looked for once a second. */
const timeouts = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000, connectionsCheckingInterval: 1_000 };

/** How long an answer may take once the port is closed. */
const closeMs = 3_000;

/**
 * The API's port. States: idle → open → draining → closed; no way back. While draining it serves on, but every answer ends its
 * connection, so that clients come back elsewhere.
 */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  #isDraining = false;

  constructor(options: HttpServerOptions) {
    const listener = getRequestListener(options.app.fetch, { errorHandler: badRequest });
    this.#options = options;
    this.#server = createServer(timeouts, (request, response) => this.#serve(request, response, listener));
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Rejects with the system's error (`EADDRINUSE`) when the port is taken. Resolves with the base URL. */
  async listen(): Promise<string> {
    const { host, port } = this.#options;
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    const boundPort = typeof address === 'object' && address !== null ? address.port : port;
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    return `http://${name.includes(':') ? `[${name}]` : name}:${boundPort}`;
  }

  /** Serves on for the drain wait, then closes; answers that take longer than 3 s more are cut off. */
  async drain(): Promise<void> {
    const { clock, drainWaitMs, logger } = this.#options;
    this.#isDraining = true;
    if (!this.#server.listening) return;
    if (drainWaitMs > 0) await clock.sleep(drainWaitMs);
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    try {
      await withDeadline(closed, closeMs, 'the last answers');
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      logger.warn('answers in flight are cut off');
      this.#server.closeAllConnections();
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse, listener: ReturnType<typeof getRequestListener>): void {
    if (this.#isDraining) response.setHeader('connection', 'close');
    void listener(request, response);
  }
}
