import { type Measured, nextTurn } from './commands.ts';
import { messageBytes, writeMessage } from './message.ts';

/** Messages between two turns of the event loop. */
const batchSize = 500;

/** The peers' loop over sockets in the order of their coming: nothing but a send for each message. */
export class SendLoop<S> {
  readonly sockets: S[] = [];
  readonly #send: (socket: S, message: Buffer) => void;
  #seq = 0;

  constructor(send: (socket: S, message: Buffer) => void) {
    this.#send = send;
  }

  /** `burst` messages to each socket, one after the other, `rounds` times; their bytes are prepared before anything is measured. */
  async run(rounds: number, burst: number): Promise<Measured> {
    const { sockets } = this;
    const perRound = sockets.length * burst;
    const messages = this.#prepare(rounds, burst);
    return async () => {
      for (let at = 0; at < messages.length; ) {
        const end = Math.min(at + batchSize, messages.length);
        for (; at < end; at += 1) this.#sendTo(sockets[Math.floor((at % perRound) / burst)], messages[at]);
        await nextTurn();
      }
      return { messages: messages.length, writes: messages.length };
    };
  }

  #sendTo(socket: S | undefined, message: Buffer | undefined): void {
    if (socket === undefined || message === undefined) throw new Error('a message without a socket');
    this.#send(socket, message);
  }

  #prepare(rounds: number, burst: number): Buffer[] {
    const messages: Buffer[] = [];
    const bytes = Buffer.allocUnsafe(rounds * burst * this.sockets.length * messageBytes);
    for (let round = 0; round < rounds; round += 1) {
      for (let recipient = 0; recipient < this.sockets.length; recipient += 1) {
        for (let nth = 1; nth <= burst; nth += 1) {
          const offset = messages.length * messageBytes;
          writeMessage(bytes, offset, recipient, this.#seq + round * burst + nth, 0n);
          messages.push(bytes.subarray(offset, offset + messageBytes));
        }
      }
    }
    this.#seq += rounds * burst;
    return messages;
  }
}
