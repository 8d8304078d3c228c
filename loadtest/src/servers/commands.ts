import { PerformanceObserver } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** Messages that were sent, and the writes that carried them. */
export type Sent = { readonly messages: number; readonly writes: number };

/** What a server did while it was measured: its own CPU (user and system), the time that passed, that of the collector within it. */
type Work = Sent & { readonly cpuUs: number; readonly wallUs: number; readonly gcUs: number };

/** A command's work: what is prepared beforehand is not measured, what it returns is. */
export type Measured = () => Promise<Sent>;

/** A command by its name; its numbers come as written on the line. */
export type Commands = Readonly<Record<string, (...numbers: number[]) => Promise<Measured>>>;

/**
 * The program's side of a server under test: says where it listens, then runs one command per line of stdin and answers with a
 * JSON line. `usage` and `gc` are there for every server. Ends with stdin, so never outlives who started it.
 */
export function serveCommands(port: number, commands: Commands): void {
  const lines = createInterface({ input: process.stdin });
  let last = Promise.resolve();
  lines.on('line', (line) => {
    last = last.then(() => answer(line, commands)).catch(endWithError);
  });
  lines.on('close', () => process.exit(0));
  tell({ event: 'listening', port });
}

async function answer(line: string, commands: Commands): Promise<void> {
  const [name = '', ...numbers] = line.split(' ');
  if (name === 'usage' || name === 'gc') {
    tell({ event: 'usage', ...(await readUsage(name === 'gc')) });
    return;
  }
  const command = commands[name];
  if (command === undefined) throw new Error(`unknown command ${name}`);
  const measured = await command(...numbers.map(Number));
  tell({ event: 'done', ...(await measure(measured)) });
}

async function measure(measured: Measured): Promise<Work> {
  // What was prepared shall not be cleaned up at the cost of what is measured.
  globalThis.gc?.();
  const collections = new CollectionTimer();
  const cpu = process.cpuUsage();
  const startedAtMs = performance.now();
  const sent = await measured();
  const { user, system } = process.cpuUsage(cpu);
  const wallUs = Math.round((performance.now() - startedAtMs) * 1000);
  return { ...sent, cpuUs: user + system, wallUs, gcUs: await collections.stop() };
}

/** How long the garbage collector had the main thread. */
class CollectionTimer {
  #ms = 0;
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.#ms += duration;
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** Microseconds since it was made; the last entries come a few turns later. */
  async stop(): Promise<number> {
    for (let turns = 0; turns < 5; turns += 1) await nextTurn();
    this.#observer.disconnect();
    return Math.round(this.#ms * 1000);
  }
}

/** `externalBytes`: buffers, outside of V8's heap. */
type Usage = { cpuUs: number; rssBytes: number; heapBytes: number; externalBytes: number };

/** V8's other threads give memory back to the system some time after a collection. */
const settleMs = 500;

/** Memory as the system and V8 count it; when asked for, of what is still in use: two collections, and the time to give back the rest. */
export async function readUsage(collect: boolean): Promise<Usage> {
  for (let times = 0; collect && times < 2; times += 1) {
    globalThis.gc?.();
    await pause(settleMs);
  }
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { cpuUs: user + system, rssBytes: rss, heapBytes: heapUsed, externalBytes: external };
}

function tell(fields: object): void {
  process.stdout.write(`${JSON.stringify(fields)}\n`);
}

function endWithError(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

/** Lets the event loop go round once, as a server does between two batches. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
