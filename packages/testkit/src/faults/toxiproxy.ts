import { z } from 'zod';
import type { Announce } from '../apt.ts';
import { freePorts } from '../free-ports.ts';
import { ServerProcess } from '../process.ts';
import { provideTool } from '../provide-tool.ts';
import { FaultProxy } from './fault-proxy.ts';

const proxySchema = z.object({ name: z.string(), listen: z.string() });

/**
 * A Toxiproxy server of our own: TCP proxies on loopback that fail on command. Driven by its HTTP API, five calls, instead of
 * `toxiproxy-node-client`, which brings axios and types of its own for them.
 */
export class Toxiproxy implements AsyncDisposable {
  readonly #server: ServerProcess;
  readonly #url: string;
  readonly #proxies = new Map<string, FaultProxy>();

  private constructor(server: ServerProcess, url: string) {
    this.#server = server;
    this.#url = url;
  }

  /** Finds or builds the program and starts it; it ends with this process. */
  static async start(announce: Announce = () => undefined): Promise<Toxiproxy> {
    const command = await provideTool('toxiproxy-server', announce);
    const [port = 0] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const server = new ServerProcess({
      name: 'toxiproxy',
      command,
      args: ['-host', '127.0.0.1', '-port', `${port}`],
      isReady: () => answers(`${url}/version`),
      startTimeoutMs: 15_000,
    });
    await server.start();
    return new Toxiproxy(server, url);
  }

  /** A proxy in front of `host:port`, on a free port. The same name again points the known proxy at another upstream. */
  async proxy(name: string, upstream: string): Promise<FaultProxy> {
    const known = this.#proxies.get(name);
    if (known !== undefined) {
      await known.pointAt(upstream);
      return known;
    }
    const [port = 0] = await freePorts(1);
    const body = JSON.stringify({ name, upstream, listen: `127.0.0.1:${port}`, enabled: true });
    const answer = await fetch(`${this.#url}/proxies`, { method: 'POST', body });
    if (!answer.ok) throw new Error(`toxiproxy does not make ${name}: ${await answer.text()}`);
    const { listen } = proxySchema.parse(await answer.json());
    const proxy = new FaultProxy(`${this.#url}/proxies/${name}`, name, listen);
    this.#proxies.set(name, proxy);
    return proxy;
  }

  /** Every proxy passes everything again. */
  async heal(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.heal()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
  return answer?.ok === true;
}
