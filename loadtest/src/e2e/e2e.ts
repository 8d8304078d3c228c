import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient, type Cluster } from '@carillon/testkit';
import { build, type Histogram } from 'hdr-histogram-js';
import type { WebSocket } from 'ws';
import { cpuSeconds } from './process-cpu.ts';
import { openReceiver } from './receiver.ts';
import { Sender } from './sender.ts';

export type E2eOptions = {
  readonly rate: number;
  readonly recipients: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly chats: number;
};

export type E2eResult = {
  readonly options: E2eOptions;
  readonly sent: number;
  readonly refused: number;
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly latencyMs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p99.9' | 'max', number>>;
  readonly generatorLagMs: { readonly p99: number };
  readonly cpuCores: Readonly<Record<string, number>>;
};

type Chat = { readonly path: string; readonly token: string; lastSeq: number[] };
type Watched = { readonly role: string; readonly pid: number };

const payload = 'x'.repeat(200);
const drainDeadlineMs = 30_000;

/**
 * POST → frame received, open loop: message n is due at start + n / rate, its text carries that time, and its latency counts
 * from there, so a stall of the system (or of the generator, whose own lag is told) is never hidden. Each chat is a group of
 * `recipients`, all connected, the sender one of them.
 */
export async function benchE2e(cluster: Cluster, watched: readonly Watched[], options: E2eOptions): Promise<E2eResult> {
  const api = new ApiClient(cluster.apis[0]?.url ?? '');
  const run = new Run(options);
  const { chats, sockets } = await connect(api, options, run);
  using sender = new Sender(api.url, 64);
  const before = watched.map(({ pid }) => cpuSeconds(pid));
  const startedAt = performance.now();
  await send(chats, sender, options, run);
  const elapsed = (performance.now() - startedAt) / 1000;
  const cpuCores = Object.fromEntries(
    watched.map(({ role, pid }, index) => [role, round((cpuSeconds(pid) - (before[index] ?? 0)) / elapsed)]),
  );
  await run.drained();
  for (const socket of sockets) socket.terminate();
  return run.result(cpuCores);
}

async function connect(api: ApiClient, options: E2eOptions, run: Run): Promise<{ chats: Chat[]; sockets: WebSocket[] }> {
  const chats: Chat[] = [];
  const sockets: WebSocket[] = [];
  for (let c = 0; c < options.chats; c += 1) {
    const users = [...Array(options.recipients).keys()].map((m) => `bench-${c}-${m}`);
    const [owner = ''] = users;
    const chat = await api.createGroup(owner, users, 'bench');
    const lastSeq = users.map(() => 1);
    chats.push({ path: `/v1/chats/${chat.id}/messages`, token: await api.token(owner), lastSeq });
    const opened = users.map(async (user, m) => {
      const ticket = await api.ticket(user);
      return openReceiver(m, ticket, (member, seq, intendedMs, receivedMs) => run.deliver(lastSeq, member, seq, intendedMs, receivedMs));
    });
    sockets.push(...(await Promise.all(opened)));
  }
  return { chats, sockets };
}

async function send(chats: readonly Chat[], sender: Sender, options: E2eOptions, run: Run): Promise<void> {
  const total = (options.warmUpSeconds + options.seconds) * options.rate;
  const startMs = performance.now() + 100;
  run.measureFrom(startMs + options.warmUpSeconds * 1000);
  for (let n = 0; n < total; ) {
    const dueMs = startMs + (n * 1000) / options.rate;
    const nowMs = performance.now();
    if (nowMs < dueMs) {
      await pause(dueMs - nowMs);
      continue;
    }
    const chat = chats[n % chats.length];
    if (chat !== undefined)
      run.sending(
        sender.send({ path: chat.path, token: chat.token, clientMessageId: `b${n}` }, `bench:${dueMs.toFixed(3)} ${payload}`),
        nowMs - dueMs,
      );
    n += 1;
  }
}

/** Counts of one run. A delivery is late, never forgotten: what is missing after 30 s of silence is lost. */
class Run {
  readonly #options: E2eOptions;
  readonly #latency: Histogram = build({ highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });
  readonly #lag: Histogram = build({ highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });
  #measureFromMs = Number.POSITIVE_INFINITY;
  #answers: Promise<void>[] = [];
  #sent = 0;
  #refused = 0;
  #delivered = 0;
  #duplicated = 0;
  #reordered = 0;

  constructor(options: E2eOptions) {
    this.#options = options;
  }

  measureFrom(ms: number): void {
    this.#measureFromMs = ms;
  }

  sending(answer: Promise<number>, lagMs: number): void {
    this.#lag.recordValue(Math.max(0, Math.round(lagMs * 1000)));
    this.#answers.push(answer.then((status) => this.#count(status)).catch(() => this.#count(0)));
  }

  deliver(lastSeq: number[], member: number, seq: number, intendedMs: number, receivedMs: number): void {
    const last = lastSeq[member] ?? 0;
    if (seq <= last) {
      this.#duplicated += 1;
      return;
    }
    if (seq > last + 1) this.#reordered += 1;
    lastSeq[member] = seq;
    this.#delivered += 1;
    if (intendedMs >= this.#measureFromMs) this.#latency.recordValue(Math.max(1, Math.round((receivedMs - intendedMs) * 1000)));
  }

  #count(status: number): void {
    if (status === 201) this.#sent += 1;
    else this.#refused += 1;
  }

  async drained(): Promise<void> {
    await Promise.all(this.#answers);
    const deadline = performance.now() + drainDeadlineMs;
    while (this.#delivered < this.#sent * this.#options.recipients && performance.now() < deadline) await pause(20);
  }

  result(cpuCores: Readonly<Record<string, number>>): E2eResult {
    const at = (percentile: number) => round(this.#latency.getValueAtPercentile(percentile) / 1000);
    const expected = this.#sent * this.#options.recipients;
    return {
      options: this.#options,
      sent: this.#sent,
      refused: this.#refused,
      expected,
      delivered: this.#delivered,
      lost: expected - this.#delivered,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      latencyMs: { p50: at(50), p90: at(90), p99: at(99), 'p99.9': at(99.9), max: round(this.#latency.maxValue / 1000) },
      generatorLagMs: { p99: round(this.#lag.getValueAtPercentile(99) / 1000) },
      cpuCores,
    };
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
