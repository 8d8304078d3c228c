import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAtExit, removeFolder } from '@carillon/testkit';
import { z } from 'zod';
import { compile } from './compile.ts';
import { LineProgram } from './line-program.ts';

const count = z.number().int().nonnegative();

/** What the receiver has seen since its last `reset`; frames of stalled connections only in `stalledFrames`. */
const receivedSchema = z.object({
  event: z.literal('stats'),
  frames: count,
  bytes: count,
  lost: count,
  duplicated: count,
  reordered: count,
  misrouted: count,
  other: count,
  told: count,
  stalledFrames: count,
  closed: count,
  latencies: count,
  p50Us: count,
  p90Us: count,
  p99Us: count,
  p999Us: count,
  cpuUs: count,
  wallUs: count,
});

export type Received = z.output<typeof receivedSchema>;

const openSchema = z.object({ event: z.literal('open'), connections: count, failed: count, ms: count });

type ReceiverOptions = {
  readonly port: number;
  /** When a connection counts as open: once its TCP connection is, once it is upgraded, once its first text frame has come. */
  readonly until: 'raw' | 'open' | 'ready';
  /** What connection i offers as subprotocols. */
  readonly protocols?: readonly string[];
  /** Connections that are being opened at the same time. */
  readonly concurrency?: number;
  readonly core?: number;
};

/** The native client: opens connections, checks what comes, measures latency. Its commands are described in `receiver.c`. */
export class Receiver implements AsyncDisposable {
  readonly #program: LineProgram;
  readonly #folder: string;

  private constructor(program: LineProgram, folder: string) {
    this.#program = program;
    this.#folder = folder;
  }

  static async start({ port, until, protocols = [], concurrency = 256, core = 1 }: ReceiverOptions): Promise<Receiver> {
    const command = await compile('receiver');
    const folder = mkdtempSync(join(tmpdir(), 'carillon-receiver-'));
    removeAtExit(folder);
    const file = join(folder, 'protocols');
    writeFileSync(file, protocols.map((protocol) => `${protocol}\n`).join(''), { mode: 0o600 });
    const args = ['127.0.0.1', String(port), '/v1/ws', until, String(concurrency), ...(protocols.length > 0 ? [file] : [])];
    return new Receiver(new LineProgram({ name: 'receiver', core, line: [command, ...args] }), folder);
  }

  /** Opens further connections; rejects unless every one of them is open. */
  async open(connections: number): Promise<void> {
    const { failed } = await this.#program.ask(`open ${connections}`, openSchema);
    if (failed > 0) throw new Error(`${failed} connections were refused`);
  }

  /** Further connections stop reading, for good; returns the first one's number. */
  async stall(connections: number): Promise<number> {
    const schema = z.object({ event: z.literal('stalled'), from: count, count });
    return (await this.#program.ask(`stall ${connections}`, schema)).from;
  }

  async reset(): Promise<void> {
    await this.#program.ask('reset', z.object({ event: z.literal('reset') }));
  }

  /** Waits until so many frames have come since the reset, at most `timeoutMs`, and tells what has. */
  async received(frames: number, timeoutMs = 10_000): Promise<Received> {
    return this.#program.ask(`await ${frames} ${timeoutMs}`, receivedSchema, timeoutMs + 10_000);
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await this.#program.ask('close', z.object({ event: z.literal('closed') }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    removeFolder(this.#folder);
  }
}
