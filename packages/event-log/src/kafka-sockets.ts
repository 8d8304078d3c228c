import { connect, isIP, Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** What kafkajs asks a socket for. */
type SocketRequest = {
  readonly host: string;
  readonly port: number;
  readonly ssl?: ConnectionOptions | undefined;
  readonly onConnect: () => void;
};

const keepAliveDelayMs = 60_000;

/**
 * The TCP connections of one kafkajs client. States: open → closed; no way back. After `closeAll` no connection is left and no
 * new one is made, whatever kafkajs's retries still try.
 */
export class KafkaSockets {
  readonly #sockets = new Set<Socket>();
  #isClosed = false;

  /** With `noDelay`, which kafkajs never sets: up to 40 ms per request elsewhere than on loopback (librdkafka #4986). */
  readonly open = ({ host, port, ssl, onConnect }: SocketRequest): Socket => {
    if (this.#isClosed) return new Socket().destroy(closed());
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
      : connect({ host, port }, onConnect);
    socket.setNoDelay(true).setKeepAlive(true, keepAliveDelayMs);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };

  /** With an error: of a socket that only closes kafkajs takes no notice, and its timers run on. */
  closeAll(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.destroy(closed());
  }
}

function closed(): Error {
  return new Error('the Kafka client is closed');
}
