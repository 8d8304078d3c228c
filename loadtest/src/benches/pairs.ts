import type { Pair } from '../measure/saturation.ts';
import { LoadServer, type ServerName } from '../programs/load-server.ts';
import { Receiver } from '../programs/receiver.ts';
import { createSecret, issueOffers } from '../programs/tickets.ts';

/** A server under test and its connected client; both end with it. */
export class ConnectedPair implements AsyncDisposable {
  readonly server: Pair['server'];
  readonly receiver: Pair['receiver'];

  private constructor({ server, receiver }: Pair) {
    this.server = server;
    this.receiver = receiver;
  }

  /** `connections` of one user each are open when it resolves: with tickets and `ready` where the server is a shard. */
  static async start(name: ServerName, connections: number): Promise<ConnectedPair> {
    const secret = createSecret();
    const server = await LoadServer.start(name, { BENCH_USERS: String(connections), TICKET_SECRET: secret });
    let receiver: Receiver | undefined;
    try {
      const isShard = name === 'shard-path';
      const protocols = isShard ? await issueOffers(secret, connections) : [];
      const until = isShard ? 'ready' : name === 'raw-send' ? 'raw' : 'open';
      receiver = await Receiver.start({ port: server.port, until, protocols });
      await receiver.open(connections);
      return new ConnectedPair({ server, receiver });
    } catch (error) {
      await receiver?.[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.receiver[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

/** One pair for each server, in order. */
export class ConnectedPairs implements AsyncDisposable {
  readonly pairs: readonly ConnectedPair[];

  private constructor(pairs: readonly ConnectedPair[]) {
    this.pairs = pairs;
  }

  /** On failure nothing is left running. */
  static async start(names: readonly ServerName[], connections: number): Promise<ConnectedPairs> {
    const pairs: ConnectedPair[] = [];
    try {
      for (const name of names) pairs.push(await ConnectedPair.start(name, connections));
      return new ConnectedPairs(pairs);
    } catch (error) {
      await disposeAll(pairs);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disposeAll(this.pairs);
  }
}

async function disposeAll(pairs: readonly AsyncDisposable[]): Promise<void> {
  for (const pair of pairs) await pair[Symbol.asyncDispose]();
}
