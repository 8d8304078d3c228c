import { setTimeout as pause } from 'node:timers/promises';
import { calibrate, calibrationFaults, pressureFaults, readPressure } from './gates.ts';

/** The runs that count, and why the whole may count for nothing. */
export type ValidRuns<R> = { readonly runs: readonly R[]; readonly faults: readonly string[]; readonly repeated: number };

type Plan<R> = {
  readonly times: number;
  /** Runs of the warm-up, 1 by default. */
  readonly warmUps?: number;
  readonly announce: (text: string) => void;
  /** One run of everything that is compared. `time` counts from 0, which is the warm-up. */
  readonly run: (time: number) => Promise<R>;
  /** What disturbed the run: it is repeated. */
  readonly disturbances: (run: R) => readonly string[];
  /** What no repetition helps: messages lost or mixed up. */
  readonly errors: (run: R) => readonly string[];
  readonly describe: (run: R) => string;
};

/** The machine under all of it. */
type Host = {
  /** Resolves when other loads have ended, or with what still runs. */
  quiet(): Promise<readonly string[]>;
  /** Whether it was slower than it can be. */
  disturbances(): readonly string[];
};

/** Waits that long for other loads to end before the first run. */
const patienceMs = 60_000;
/** Tries for each run that counts. */
export const maxTriesPerRun = 3;

/**
 * The same run again and again until `times` of them were undisturbed, after a warm-up that counts for nothing. A disturbed run, by its
 * own gates or because the host was slower than at its fastest, is void and repeated, three tries for each run that counts; when
 * they do not suffice, the whole is INVALID. What was repeated is told.
 */
export async function validRuns<R>(plan: Plan<R>, host: Host = new ThisHost()): Promise<ValidRuns<R>> {
  const faults = [...(await host.quiet())];
  for (let warmUps = plan.warmUps ?? 1; warmUps > 0; warmUps -= 1) faults.push(...plan.errors(await plan.run(0)));
  const runs: R[] = [];
  let tries = 0;
  let lastWhy = '';
  for (; runs.length < plan.times && tries < plan.times * maxTriesPerRun; tries += 1) {
    const run = await plan.run(tries + 1);
    faults.push(...plan.errors(run));
    const why = [...plan.disturbances(run), ...host.disturbances()].join(', ');
    if (why === '') runs.push(run);
    else lastWhy = why;
    plan.announce(`${why === '' ? `run ${runs.length} of ${plan.times}` : `void (${why})`}: ${plan.describe(run)}`);
  }
  if (runs.length < plan.times)
    faults.push(`only ${runs.length} of ${plan.times} runs were undisturbed, the last one that was not: ${lastWhy}`);
  return { runs, faults, repeated: tries - runs.length };
}

/** Resolves when other loads, and what is left of the run before, have ended; after a minute with what still runs. */
export async function untilQuiet(): Promise<readonly string[]> {
  const endMs = performance.now() + patienceMs;
  let faults = pressureFaults(readPressure());
  while (faults.length > 0 && performance.now() < endMs) {
    await pause(1_000);
    faults = pressureFaults(readPressure());
  }
  return faults;
}

class ThisHost implements Host {
  /** Of a fixed piece of work. */
  #fastestMs: number;

  constructor() {
    // The first ones are done before V8 has optimised the work.
    for (let times = 0; times < 5; times += 1) calibrate();
    this.#fastestMs = Math.min(calibrate(), calibrate(), calibrate());
  }

  quiet(): Promise<readonly string[]> {
    return untilQuiet();
  }

  disturbances(): readonly string[] {
    const ms = calibrate();
    this.#fastestMs = Math.min(this.#fastestMs, ms);
    return calibrationFaults([this.#fastestMs, ms]);
  }
}
