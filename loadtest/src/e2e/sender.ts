import { Agent, request } from 'node:http';

/** What one POST needs; the body's `text` is completed with the intended time just before it leaves. */
export type Send = { readonly path: string; readonly token: string; readonly clientMessageId: string };

/** Sends messages over kept-alive connections with as little work per message as Node allows. */
export class Sender implements Disposable {
  readonly #agent: Agent;
  readonly #host: string;
  readonly #port: number;

  constructor(apiUrl: string, sockets: number) {
    const url = new URL(apiUrl);
    this.#host = url.hostname;
    this.#port = Number(url.port);
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets, noDelay: true });
  }

  /** Resolves with the status once the answer's body was read. */
  send(send: Send, text: string): Promise<number> {
    const body = `{"client_message_id":"${send.clientMessageId}","type":"text","text":"${text}"}`;
    const headers = {
      authorization: `Bearer ${send.token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      const post = request(
        { host: this.#host, port: this.#port, path: send.path, method: 'POST', agent: this.#agent, headers },
        (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answer.statusCode ?? 0));
        },
      );
      post.once('error', reject);
      post.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
