import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Api } from '@carillon/api';
import { ApiClient, freePorts, removeAtExit, type TestCluster } from '@carillon/testkit';
import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';
import { type Browser, type BrowserContextOptions, chromium, type Page, type WebSocketRoute } from 'playwright-core';
import { startTestCluster } from '../e2e/test-cluster.ts';
import { serveFiles } from '../serve-files.ts';
import { servePage } from '../serve-page.ts';

type Inject = (key: 'postgresUrl' | 'kafkaBrokers' | 'redisUrl' | 'chromium') => string;

/** A user's tab. `faults` are what its console must not hold; `cutSocket` ends its connection as a network does. */
export type Tab = { readonly page: Page; readonly faults: string[]; cutSocket(): Promise<void> };

const actionTimeoutMs = 15_000;

/**
 * The demo as `npm start` serves it, in front of a cluster of real processes of which one can be killed, in a real browser. The
 * cluster's API has no page: here a server of one origin puts the page before it.
 */
export class DemoPage implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly api: ApiClient;
  readonly url: string;
  readonly #server: ServerType;
  readonly #browser: Browser;

  private constructor(cluster: TestCluster, server: ServerType, url: string, browser: Browser) {
    this.cluster = cluster;
    this.api = new ApiClient(cluster.apis[0]?.url ?? '');
    this.url = url;
    this.#server = server;
    this.#browser = browser;
  }

  static async start(inject: Inject): Promise<DemoPage> {
    const cluster = await startTestCluster(inject, { apis: 1, shards: 2, env: { HEARTBEAT_MS: '2000' } });
    const [port = 0] = await freePorts(1);
    const folder = mkdtempSync(join(tmpdir(), 'carillon-files-'));
    removeAtExit(folder);
    const app: Api['app'] = new Hono();
    serveFiles({ app, folder });
    app.all('/v1/*', ({ req }) => proxy(`${cluster.apis[0]?.url}${new URL(req.url).pathname}${new URL(req.url).search}`, req));
    if (!servePage({ app, shardUrls: cluster.shards.map((shard) => shard.url) })) throw new Error('the page is not built');
    const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' });
    const browser = await chromium.launch({ executablePath: inject('chromium'), args: ['--no-sandbox'] });
    return new DemoPage(cluster, server, `http://127.0.0.1:${port}`, browser);
  }

  /** A browser profile of its own, signed in as this user. */
  async open(userId: string, options: BrowserContextOptions = {}): Promise<Tab> {
    const context = await this.#browser.newContext({ viewport: { width: 1100, height: 720 }, locale: 'en-GB', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(actionTimeoutMs);
    const faults: string[] = [];
    let socket: WebSocketRoute | undefined;
    await page.routeWebSocket(/\/v1\/ws/, (route) => {
      socket = route;
      route.connectToServer();
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('dialog', (dialog) => faults.push(`a dialog: ${dialog.message()}`));
    page.on('console', (message) => {
      if (/Content.Security.Policy|Trusted ?Type|Uncaught/i.test(message.text())) faults.push(message.text());
    });
    await page.goto(`${this.url}/?user=${encodeURIComponent(userId)}`);
    return { page, faults, cutSocket: async () => socket?.close({ code: 4000, reason: 'cut' }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections();
    await closed;
    await this.cluster[Symbol.asyncDispose]();
  }
}
