/** Which way a toxic works: `downstream` spoils what the server answers, `upstream` what the client asks. */
type Stream = 'upstream' | 'downstream';

/** Toxiproxy's toxics that the fault tests use, with their attributes. `timeout: 0` stops the data and keeps the connection open. */
type Toxics = {
  readonly timeout: { readonly timeout: number };
  readonly reset_peer: { readonly timeout: number };
  readonly latency: { readonly latency: number; readonly jitter: number };
  readonly bandwidth: { readonly rate: number };
  readonly slicer: { readonly average_size: number; readonly size_variation: number; readonly delay: number };
  readonly slow_close: { readonly delay: number };
};

/** One edge of the cluster through Toxiproxy. States: healthy ⇄ spoiled or cut; `heal` undoes everything. */
export class FaultProxy {
  readonly name: string;
  /** `host:port` that clients connect to. */
  readonly address: string;
  readonly #url: string;
  readonly #toxics = new Set<string>();

  constructor(url: string, name: string, address: string) {
    this.#url = url;
    this.name = name;
    this.address = address;
  }

  /** Ends every connection and refuses new ones. */
  async cut(): Promise<void> {
    await this.#send('POST', '', { enabled: false });
  }

  async add<T extends keyof Toxics>(type: T, stream: Stream, attributes: Toxics[T]): Promise<void> {
    const name = `${type}_${stream}`;
    await this.#send('POST', '/toxics', { name, type, stream, toxicity: 1, attributes });
    this.#toxics.add(name);
  }

  /** Requests pass, answers vanish, and the connection stays open. */
  loseAnswers(): Promise<void> {
    return this.add('timeout', 'downstream', { timeout: 0 });
  }

  /** Nothing passes in either direction, and the connection stays open. */
  async blackhole(): Promise<void> {
    await this.add('timeout', 'upstream', { timeout: 0 });
    await this.add('timeout', 'downstream', { timeout: 0 });
  }

  /** Ends every connection with a TCP reset; new ones are reset too, until `heal`. */
  reset(): Promise<void> {
    return this.add('reset_peer', 'downstream', { timeout: 0 });
  }

  async pointAt(upstream: string): Promise<void> {
    await this.#send('POST', '', { upstream });
  }

  async heal(): Promise<void> {
    for (const name of this.#toxics) await this.#send('DELETE', `/toxics/${name}`);
    this.#toxics.clear();
    await this.#send('POST', '', { enabled: true });
  }

  async #send(method: string, path: string, body?: object): Promise<void> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const answer = await fetch(`${this.#url}${path}`, init);
    if (!answer.ok) throw new Error(`toxiproxy refuses ${method} ${this.name}${path}: ${await answer.text()}`);
  }
}
