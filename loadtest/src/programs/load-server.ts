import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compile } from './compile.ts';
import { LineProgram } from './line-program.ts';
import type { CommandLine } from './pinned.ts';
import { youngGeneration } from './young-generation.ts';

const number = z.number().nonnegative();
const workSchema = z.object({
  event: z.literal('done'),
  messages: number,
  writes: number.default(0),
  cpuUs: number,
  wallUs: number,
  gcUs: number.default(0),
});
const usageSchema = z.object({ event: z.literal('usage'), cpuUs: number, rssBytes: number, heapBytes: number, externalBytes: number });

/** What a server did, measured by itself: see `servers/commands.ts`. */
export type Work = z.output<typeof workSchema>;
export type Usage = z.output<typeof usageSchema>;

/** The servers that are measured, each a program of its own. */
export type ServerName = 'shard-path' | 'bare-uws' | 'plain-ws' | 'raw-send';

const folder = fileURLToPath(new URL('../../dist/servers/', import.meta.url));

/** A server under test on core 0, which sends when it is told to. */
export class LoadServer implements AsyncDisposable {
  readonly #program: LineProgram;
  readonly name: ServerName;
  readonly port: number;

  private constructor(name: ServerName, program: LineProgram, port: number) {
    this.#program = program;
    this.name = name;
    this.port = port;
  }

  static async start(name: ServerName, env: Readonly<Record<string, string>> = {}, smallYoung = false): Promise<LoadServer> {
    const program = new LineProgram({ name, core: 0, line: await lineOf(name, smallYoung), env });
    const { port } = await program.ask(undefined, z.object({ event: z.literal('listening'), port: number }));
    return new LoadServer(name, program, port);
  }

  /** `burst` messages in a row to each connection, `rounds` times, as fast as it can. */
  run(rounds: number, burst: number): Promise<Work> {
    return this.#program.ask(`run ${rounds} ${burst}`, workSchema);
  }

  /** A steady rate of messages per second over all connections; only `shard-path` knows it. */
  paced(rate: number, seconds: number): Promise<Work> {
    return this.#program.ask(`paced ${rate} ${seconds}`, workSchema);
  }

  /** Messages to these users until each is over its bound; only `shard-path` knows it. */
  flood(from: number, count: number): Promise<Work> {
    return this.#program.ask(`flood ${from} ${count}`, workSchema);
  }

  /** Its memory and CPU; `gc`: after a collection. */
  usage(kind: 'usage' | 'gc'): Promise<Usage> {
    return this.#program.ask(kind, usageSchema);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** Node servers run as `ShardProcess` does; `--expose-gc` lets a measurement begin with a clean heap. */
async function lineOf(name: ServerName, smallYoung: boolean): Promise<CommandLine> {
  if (name === 'raw-send') return [await compile('raw-send')];
  const profile = process.env['BENCH_CPU_PROFILE'] === name ? ['--cpu-prof', '--cpu-prof-dir=loadtest/results'] : [];
  return [process.execPath, youngGeneration(smallYoung), '--expose-gc', ...profile, `${folder}${name}.js`];
}
