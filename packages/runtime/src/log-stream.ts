import sonicBoom from 'sonic-boom';

const maxWaitingBytes = 1 << 20;

type LogStreamOptions = {
  readonly fd: number;
  /** All that waited was written, and so many lines had been dropped before. */
  readonly onGap: (dropped: number) => void;
};

/** Of all streams of this process: its output is one. */
let droppedLines = 0;

/** Log lines that this process dropped since it began, because nobody read them. */
export function droppedLogLines(): number {
  return droppedLines;
}

/**
 * Where log lines go: written one after the other beside the event loop, so whoever reads slowly, or no more, stops nothing. Written
 * synchronously, as pino does by default, a full pipe stops the process; the price is that what waits when the process is killed is
 * lost, in general the lines of the last millisecond. Bound: 1 MiB waits; lines above it are dropped, counted, and told once there is
 * room. A reader that is gone is as one that does not read.
 */
export class LogStream {
  readonly #out: sonicBoom.SonicBoom;
  readonly #onGap: (dropped: number) => void;
  #untold = 0;
  #isEmpty = true;

  constructor({ fd, onGap }: LogStreamOptions) {
    this.#onGap = onGap;
    this.#out = new sonicBoom.SonicBoom({ fd, sync: false, maxLength: maxWaitingBytes });
    this.#out.on('drop', () => {
      this.#untold += 1;
      droppedLines += 1;
    });
    this.#out.on('drain', () => this.#onDrain());
    this.#out.on('error', () => undefined); // what could not be written waits, and then is dropped and counted
  }

  write(line: string): void {
    this.#isEmpty = false;
    this.#out.write(line);
  }

  /** Calls back once nothing waits; with nobody who reads, never. */
  flush(onWritten: () => void = () => undefined): void {
    if (this.#isEmpty) onWritten();
    else this.#out.once('drain', onWritten);
  }

  #onDrain(): void {
    this.#isEmpty = true;
    const dropped = this.#untold;
    this.#untold = 0;
    if (dropped > 0) this.#onGap(dropped);
  }
}
