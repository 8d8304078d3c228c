import { z } from 'zod';
import { rollShards, stallReaders } from './faults.ts';
import type { K6Process } from './k6-process.ts';
import type { LoadOptions } from './load-options.ts';
import type { LoadTarget } from './load-target.ts';
import { ProcessSampler } from './process-samples.ts';
import type { ScenarioSettings } from './profile.ts';
import { progressLine, showProgress } from './progress.ts';
import type { Mark } from './result.ts';
import type { ScenarioName } from './scenarios.ts';
import type { Tick } from './series.ts';
import { ServerMetrics } from './server-metrics.ts';
import { Timeline } from './timeline.ts';

const phasesSchema = z.object({ publishMs: z.number(), steadyMs: z.number(), publishedMs: z.number() });
type Phases = z.infer<typeof phasesSchema>;

export type WatchOptions = {
  readonly options: LoadOptions;
  readonly settings: ScenarioSettings;
  readonly target: LoadTarget;
  readonly announce: (text: string) => void;
};

const keptLines = 40;

/** What is seen of a run while it goes on: k6's lines, processes and servers once a second; and the faults, played on time. */
export class RunWatch implements AsyncDisposable {
  readonly timeline = new Timeline();
  readonly ticks: Tick[] = [];
  readonly marks: Mark[] = [];
  readonly metrics: ServerMetrics;
  readonly lastLines: string[] = [];
  readonly #options: WatchOptions;
  #runId = '';
  #phases: Phases | undefined;
  #fault: Promise<AsyncDisposable | undefined> | undefined;
  #isSteady = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.metrics = new ServerMetrics(options.target.endpoints);
  }

  get scenario(): ScenarioName {
    return this.#options.options.scenario;
  }

  /** The environment of a k6 process; its users and chats are new. */
  beginK6(): Record<string, string> {
    const { target, options } = this.#options;
    this.#runId = crypto.randomUUID().slice(0, 8);
    this.#phases = undefined;
    return { ...target.env, LOAD_TARGET: target.url, LOAD_PROFILE: options.profile, LOAD_RUN: this.#runId };
  }

  take(line: string): void {
    if (this.timeline.take(line)) return;
    if (line.startsWith('@phases ')) this.#begin(phasesSchema.parse(JSON.parse(line.slice(8))));
    else {
      this.lastLines.push(line);
      if (this.lastLines.length > keptLines) this.lastLines.shift();
    }
  }

  /** Until k6 has ended: a look at everything at each full second. Resolves with its exit code. */
  async follow(k6: K6Process): Promise<number> {
    const sampler = new ProcessSampler(() => [{ role: 'k6', pid: k6.pid }, ...this.#options.target.watched()]);
    const startSecond = Math.floor(Date.now() / 1000);
    const ended = k6.exited();
    for (;;) {
      const toNextSecond = 1_000 - (Date.now() % 1_000);
      const code = await Promise.race([ended, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), toNextSecond))]);
      if (code !== undefined) break;
      await this.#look(sampler, startSecond);
    }
    await this.#fault;
    return ended;
  }

  isSteadySecond(second: number): boolean {
    const phases = this.#phases;
    return phases !== undefined && second * 1000 >= phases.steadyMs && second * 1000 <= phases.publishedMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const fault = await this.#fault?.catch(() => undefined);
    await fault?.[Symbol.asyncDispose]();
  }

  #begin(phases: Phases): void {
    this.#phases = phases;
    for (const [name, ms] of Object.entries({ publish: phases.publishMs, steady: phases.steadyMs, settle: phases.publishedMs }))
      this.#mark(name, ms);
  }

  #mark(name: string, ms = Date.now()): void {
    this.marks.push({ second: Math.round(ms / 100) / 10, name });
  }

  async #look(sampler: ProcessSampler, startSecond: number): Promise<void> {
    await this.metrics.scrape();
    const tick: Tick = {
      second: Math.floor(Date.now() / 1000),
      processes: sampler.sample(),
      connections: this.metrics.connections,
      stagesMs: this.metrics.stageMeansMs(),
      hostBusyPercent: sampler.hostBusyPercent,
    };
    this.ticks.push(tick);
    const elapsed = tick.second - startSecond;
    if (!this.#options.options.json) showProgress(progressLine(this.timeline, tick, startSecond), elapsed);
    this.#followPhases();
  }

  #followPhases(): void {
    const phases = this.#phases;
    if (phases === undefined || Date.now() < phases.steadyMs) return;
    if (!this.#isSteady) this.metrics.beginSteady();
    this.#isSteady = true;
    if (Date.now() >= phases.steadyMs + (this.#options.settings.faultAfterSeconds ?? 0) * 1_000) this.#fault ??= this.#playFault();
  }

  async #playFault(): Promise<AsyncDisposable | undefined> {
    const { target, settings, announce } = this.#options;
    const fault = { target, announce, mark: (name: string) => this.#mark(name) };
    if (this.scenario === 'reconnect-storm') this.#mark('all readers are cut');
    if (this.scenario === 'rolling-restart') await rollShards(fault);
    if (this.scenario !== 'slow-consumer') return undefined;
    const users = Array.from({ length: settings.stalledReaders ?? 1 }, (_, n) => `load-${this.#runId}-r${n}`);
    return stallReaders(fault, users);
  }
}
