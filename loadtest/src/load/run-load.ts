import { mkdtempSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { StartError, version } from '@carillon/runtime';
import { provideTool, removeFolder } from '@carillon/testkit';
import { z } from 'zod';
import { rollShards } from './faults.ts';
import { K6Process } from './k6-process.ts';
import { K6Summary } from './k6-summary.ts';
import type { LoadOptions } from './load-options.ts';
import { givenTarget, type LoadTarget, ownTarget } from './load-target.ts';
import { cpuPressurePercent, ProcessSampler } from './process-samples.ts';
import { type Profile, readProfile, type ScenarioSettings } from './profile.ts';
import { progressLine, showProgress } from './progress.ts';
import type { LoadResult, Mark } from './result.ts';
import { mean, processFigures, round, seriesOf, type Tick } from './series.ts';
import { ServerMetrics } from './server-metrics.ts';
import { Timeline } from './timeline.ts';
import { judge } from './verdict.ts';

const phasesSchema = z.object({ publishMs: z.number(), steadyMs: z.number(), publishedMs: z.number() });
type Phases = z.infer<typeof phasesSchema>;

const k6Version = '1.8.1';
const thresholdCrossed = 99;
const keptLines = 40;

/**
 * One run: a target, k6 against it, a look at everything once a second, and the result. Whatever was started here is stopped
 * when it returns or throws.
 */
export async function runLoad(options: LoadOptions, announce: (text: string) => void): Promise<LoadResult> {
  const { profile, settings } = readProfile(options.profile, options.scenario);
  const k6 = await provideTool('k6', announce);
  const startPressurePercent = cpuPressurePercent();
  await using target = await (options.target === undefined
    ? ownTarget(profile, settings, announce)
    : Promise.resolve(givenTarget(options.target, options.metrics)));
  const run = new Run(options, { profile, settings, target, announce });
  return await run.execute(k6, startPressurePercent);
}

type Ground = {
  readonly profile: Profile;
  readonly settings: ScenarioSettings;
  readonly target: LoadTarget;
  readonly announce: (text: string) => void;
};

class Run {
  readonly #options: LoadOptions;
  readonly #ground: Ground;
  readonly #timeline = new Timeline();
  readonly #metrics: ServerMetrics;
  readonly #ticks: Tick[] = [];
  readonly #marks: Mark[] = [];
  readonly #lines: string[] = [];
  #phases: Phases | undefined;
  #fault: Promise<void> | undefined;
  #isSteady = false;

  constructor(options: LoadOptions, ground: Ground) {
    this.#options = options;
    this.#ground = ground;
    this.#metrics = new ServerMetrics(ground.target.endpoints);
  }

  async execute(program: string, startPressurePercent: number | null): Promise<LoadResult> {
    const { target, announce } = this.#ground;
    const folder = mkdtempSync(join(tmpdir(), 'carillon-load-'));
    try {
      announce(`${this.#options.scenario} on ${target.description}, profile ${this.#options.profile}`);
      const summaryFile = join(folder, 'summary.json');
      const env = {
        ...target.env,
        LOAD_TARGET: target.url,
        LOAD_PROFILE: this.#options.profile,
        LOAD_RUN: crypto.randomUUID().slice(0, 8),
        LOAD_SUMMARY: summaryFile,
      };
      await using k6 = new K6Process({ program, scenario: this.#options.scenario, env, onLine: (line) => this.#take(line) });
      const code = await this.#watch(k6);
      await this.#fault;
      const summary = K6Summary.read(summaryFile);
      if (summary === undefined || (code !== 0 && code !== thresholdCrossed))
        throw new StartError(`k6 ended with code ${code}:\n${this.#lines.join('\n')}`);
      return this.#result(summary, startPressurePercent);
    } finally {
      removeFolder(folder);
    }
  }

  #take(line: string): void {
    if (this.#timeline.take(line)) return;
    if (line.startsWith('@phases ')) {
      this.#phases = phasesSchema.parse(JSON.parse(line.slice(8)));
      const { publishMs, steadyMs, publishedMs } = this.#phases;
      for (const [name, ms] of Object.entries({ publish: publishMs, steady: steadyMs, settle: publishedMs })) this.#mark(name, ms);
      return;
    }
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.shift();
  }

  #mark(name: string, ms = Date.now()): void {
    this.#marks.push({ second: Math.round(ms / 100) / 10, name });
  }

  async #watch(k6: K6Process): Promise<number> {
    const { target } = this.#ground;
    const sampler = new ProcessSampler(() => [{ role: 'k6', pid: k6.pid }, ...target.watched()]);
    const startSecond = Math.floor(Date.now() / 1000);
    const ended = k6.exited();
    for (;;) {
      const toNextSecond = 1_000 - (Date.now() % 1_000);
      const code = await Promise.race([ended, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), toNextSecond))]);
      if (code !== undefined) return code;
      await this.#tick(sampler, startSecond);
    }
  }

  async #tick(sampler: ProcessSampler, startSecond: number): Promise<void> {
    await this.#metrics.scrape();
    const tick: Tick = {
      second: Math.floor(Date.now() / 1000),
      processes: sampler.sample(),
      connections: this.#metrics.connections,
      stagesMs: this.#metrics.stageMeansMs(),
      hostBusyPercent: sampler.hostBusyPercent,
    };
    this.#ticks.push(tick);
    if (!this.#options.json) showProgress(progressLine(this.#timeline, tick, startSecond), tick.second - startSecond);
    this.#followPhases();
  }

  #followPhases(): void {
    const phases = this.#phases;
    if (phases === undefined || Date.now() < phases.steadyMs) return;
    if (!this.#isSteady) this.#metrics.beginSteady();
    this.#isSteady = true;
    const { settings, target, announce } = this.#ground;
    const isDue = Date.now() >= phases.steadyMs + (settings.faultAfterSeconds ?? 0) * 1_000;
    if (this.#options.scenario === 'rolling-restart' && isDue)
      this.#fault ??= rollShards({ target, announce, mark: (name) => this.#mark(name) });
  }

  #result(summary: K6Summary, startPressurePercent: number | null): LoadResult {
    const { profile, settings, target } = this.#ground;
    const steady = this.#ticks.filter(({ second }) => this.#isSteadySecond(second));
    const processes = processFigures(steady);
    const generator = {
      cpuCores: processes.find(({ role }) => role === 'k6')?.cpuCores ?? 0,
      lagP99Ms: summary.percentiles('loadgen_lag_ms')?.p99 ?? 0,
      publishLagP99Ms: summary.percentiles('publish_lag_ms')?.p99 ?? 0,
      droppedIterations: summary.count('dropped_iterations'),
      startPressurePercent,
      hostBusyPercent: round(mean(steady.map(({ hostBusyPercent }) => hostBusyPercent))),
    };
    const latencyMs = {
      all: summary.percentiles('publish_to_receive_ms') ?? null,
      byAudience: summary.byAudience('publish_to_receive_ms'),
    };
    const checks = summary.checks().filter(({ limit }) => limit !== 'max>=0');
    return {
      format: 1,
      scenario: this.#options.scenario,
      profile: this.#options.profile,
      at: new Date().toISOString(),
      version,
      target: target.description,
      machine: machine(),
      settings,
      ...judge({ checks, generator, latencyMs }, profile),
      checks,
      counts: { ...summary.counts(), ...serverCounts(this.#metrics) },
      latencyMs,
      times: timesOf(summary),
      stages: this.#metrics.stageFigures(),
      processes,
      generator,
      closes: Object.fromEntries(this.#timeline.closes),
      series: seriesOf(this.#timeline, this.#ticks, this.#marks),
    };
  }

  #isSteadySecond(second: number): boolean {
    const phases = this.#phases;
    return phases !== undefined && second * 1000 >= phases.steadyMs && second * 1000 <= phases.publishedMs;
  }
}

function timesOf(summary: K6Summary): LoadResult['times'] {
  const names = [
    'publish_ack_ms',
    'ready_ms',
    'ws_connect_ms',
    'reconnect_ms',
    'catch_up_ms',
    'publish_to_catch_up_ms',
    'loadgen_lag_ms',
    'publish_lag_ms',
  ];
  const known = names.flatMap((name) => {
    const figures = summary.percentiles(name);
    return figures === undefined ? [] : [[name, figures] as const];
  });
  return Object.fromEntries(known);
}

/** What the servers counted that the clients cannot see. */
function serverCounts(metrics: ServerMetrics): Record<string, number> {
  const told = [
    'carillon_ws_upgrades_refused_total',
    'carillon_slow_consumers_total',
    'carillon_forwarded_total',
    'carillon_ws_writes_total',
  ];
  return Object.fromEntries([...metrics.increases()].filter(([series]) => told.some((name) => series.startsWith(name))));
}

function machine(): LoadResult['machine'] {
  const [cpu] = cpus();
  return {
    node: process.version,
    k6: k6Version,
    kernel: release(),
    cores: cpus().length,
    cpu: cpu?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}
