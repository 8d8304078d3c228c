import { meanAudience } from './audience.ts';
import { objectives, profile, type ScenarioSettings } from './settings.ts';

type Limit = string | { readonly threshold: string; readonly abortOnFail: boolean; readonly delayAbortEval: string };
export type Thresholds = Record<string, Limit[]>;

/** What must hold of every run: nothing lost, nothing foreign, no connection torn. */
export const always: Thresholds = {
  lost: ['count==0'],
  reach: ['min==1'],
  foreign_events: ['count==0'],
  miscounted: ['count==0'],
  publish_failed: ['count==0'],
  abnormal_closes: ['count==0'],
  stop_closes: ['count==0'],
  early_reconnects: ['count==0'],
  dropped_iterations: ['count==0'],
};

/** What must hold while no connection changes. Elsewhere repeats are the protocol's right, and told apart by `seq`. */
const undisturbed: Thresholds = { gaps: ['count==0'], duplicates: ['count==0'], order_violations: ['count==0'] };

/** What a scenario does to its readers, by which less can be asked of it. */
export type Kind = {
  /** Connections change: repeats and refused connects are part of it. */
  readonly isDisturbed?: boolean;
  /** Shards come and go: nobody reads the log while its group rebalances, which each member notices by its next heartbeat only. */
  readonly isRebalanced?: boolean;
  /** Readers are cut off: their messages wait for them, so latency is shown, not judged. */
  readonly isCut?: boolean;
  /** How many events there will be is not known before. */
  readonly isOpenEnded?: boolean;
};

/** Between two heartbeats of a shard in its consumer group, ms. */
const noticeMs = 1_500;

/**
 * The thresholds of a scenario. A threshold over no samples passes, so the number of deliveries is one of its own. Latency limits
 * are those of slo.json times the profile's factor: on a shared laptop they would judge the neighbours.
 */
export function thresholdsOf(settings: ScenarioSettings, kind: Kind = {}): Thresholds {
  const due = settings.rate * settings.steadySeconds * meanAudience(settings);
  return {
    ...always,
    ...(kind.isDisturbed === true ? {} : undisturbed),
    deliveries: [`count>=${kind.isOpenEnded === true ? 1 : Math.floor(0.9 * due)}`],
    ...kept,
    ...byAudience(settings),
    ...(profile.latencyFactor === null ? {} : limits(profile.latencyFactor, kind)),
  };
}

/** k6 keeps a part of a metric only if a threshold names it: these hold always. */
const kept: Thresholds = Object.fromEntries(
  ['overflow', 'gap', 'takeover', 'degraded', 'recovered'].map((reason) => [`resyncs{reason:${reason}}`, ['count>=0']]),
);

/** As `kept`, by the sizes of this run; and nothing of them may be missing altogether. */
export function byAudience({ audiences }: ScenarioSettings): Thresholds {
  return Object.fromEntries(
    audiences.flatMap(({ audience }) => [
      [`publish_to_receive_ms{audience:${audience}}`, ['max>=0']],
      [`deliveries{audience:${audience}}`, ['count>=1']],
      [`expected{audience:${audience}}`, ['count>=1']],
    ]),
  );
}

function limits(factor: number, kind: Kind): Thresholds {
  const { delivery, api, connect } = objectives;
  const limitMs = delivery.threshold_seconds * 1_000 * factor + (kind.isRebalanced === true ? noticeMs : 0);
  return {
    api_success: [`rate>=${api.objective}`],
    ...(kind.isCut === true ? {} : { publish_to_receive_ms: [`p(${percent(delivery.objective)})<${limitMs}`] }),
    ...(kind.isDisturbed === true ? {} : { connect_success: [`rate>=${connect.objective}`] }),
  };
}

export function percent(objective: number): string {
  return String(Number((objective * 100).toFixed(3)));
}
