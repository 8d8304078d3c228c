import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';
import { observeProcess } from './process-metrics.ts';

type AdminServerOptions = {
  host: string;
  port: number;
  health: readonly Health[];
  metrics: Metrics;
  /** Begins the same orderly end as SIGTERM. Without it `POST /drain` is a 404. */
  onDrain?: () => void;
};

type Answer = { status: number; type: string; body: string };

/** A page in a browser cannot send it without asking first: `POST /drain` is for operators only. */
const operatorHeader = 'x-carillon-operator';

/** `/livez`, `/readyz`, `/startupz`, `/metrics` and `POST /drain` on a port of their own, which no load balancer reaches. */
export class AdminServer implements AsyncDisposable {
  readonly #options: AdminServerOptions;
  readonly #server: Server;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    observeProcess(options.metrics, options.health);
    this.#server = createServer(
      { requestTimeout: 10_000, headersTimeout: 5_000 },
      (request, response) => void this.#serve(request, response),
    );
  }

  /** Listens; rejects with the system's error (`EADDRINUSE`) when the port is taken. Returns the base URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, this.#options.host, resolve);
    });
    const { port } = this.#server.address() as AddressInfo;
    const host = this.#options.host === '0.0.0.0' ? '127.0.0.1' : this.#options.host;
    return `http://${host}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(request).catch((error: unknown) => text(500, String(error)));
    response.writeHead(answer.status, { 'content-type': answer.type, 'cache-control': 'no-store' });
    response.end(answer.body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://admin');
    if (url.pathname === '/drain') return this.#drain(request);
    switch (url.pathname) {
      case '/livez':
        return text(200, 'ok');
      case '/startupz':
        return this.#options.health.every((health) => health.isStarted()) ? text(200, 'ok') : text(503, 'starting');
      case '/readyz':
        return this.#readiness(url.searchParams.has('verbose'));
      case '/metrics':
        return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await this.#options.metrics.text() };
      default:
        return text(404, 'not found');
    }
  }

  #drain({ method, headers }: IncomingMessage): Answer {
    const { onDrain } = this.#options;
    if (onDrain === undefined) return text(404, 'not found');
    if (method !== 'POST') return text(405, 'POST drains');
    if (headers[operatorHeader] === undefined) return text(403, `the header ${operatorHeader} is missing`);
    onDrain();
    return text(202, 'draining');
  }

  async #readiness(verbose: boolean): Promise<Answer> {
    const { health } = this.#options;
    const dependencies = (await Promise.all(health.map((part) => part.dependencies()))).flat();
    const isStarted = health.every((part) => part.isStarted());
    const isDraining = health.some((part) => part.isDraining());
    const isReady = isStarted && !isDraining && dependencies.every((dependency) => dependency.up || !dependency.required);
    const status = isReady ? 200 : 503;
    if (!verbose) return text(status, isReady ? 'ready' : 'not ready');
    const body = { ready: isReady, started: isStarted, draining: isDraining, dependencies };
    return { status, type: 'application/json', body: JSON.stringify(body) };
  }
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}
