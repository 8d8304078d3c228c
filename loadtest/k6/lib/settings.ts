/** How many groups have how many readers; each reader is in one group. */
type AudiencePlan = { readonly audience: number; readonly groups: number };

/** What a profile says about one scenario. Seconds, and messages per second. */
export type ScenarioSettings = {
  readonly audiences: readonly AudiencePlan[];
  /** The readers' first connects are spread over this time. */
  readonly connectSeconds: number;
  /** Published, but not in the latency figures: just-in-time compilers and caches get warm. */
  readonly warmUpSeconds: number;
  readonly steadySeconds: number;
  readonly rate: number;
  /** Longest wait for what is still on its way when publishing has ended. */
  readonly settleSeconds: number;
  /** Length of a message's text. */
  readonly textLength?: number;
  /** `mixed`: share of the readers that disconnect and come back, per second. */
  readonly churnPerSecond?: number;
  /** `reconnect-storm`, `rolling-restart`, `slow-consumer`: seconds from the steady phase's begin to the fault. */
  readonly faultAfterSeconds?: number;
  /** `breakpoint`: each step multiplies the rate by this, this many times. */
  readonly stepFactor?: number;
  readonly steps?: number;
};

export type Profile = {
  /** Readers per VU: a VU is a JavaScript runtime of its own, and holds them all. */
  readonly socketsPerVu: number;
  /** Every n-th delivery is a sample of the latency trend; all are counted. */
  readonly sampleEvery: number;
  /** Multiplies the latency limits of slo.json; null: latency is reported, not judged. */
  readonly latencyFactor: number | null;
  readonly scenarios: Readonly<Record<string, ScenarioSettings>>;
};

/** The objectives that alerts, dashboards and load tests share. */
export type Objectives = {
  readonly delivery: { readonly objective: number; readonly threshold_seconds: number };
  readonly api: { readonly objective: number };
  readonly connect: { readonly objective: number };
};

/** Base URL of the API under load. */
export const target = __ENV['LOAD_TARGET'] ?? 'http://127.0.0.1:8080';
/** Names this run's users and chats; the same on every generator of a distributed run. */
export const run = __ENV['LOAD_RUN'] ?? 'local';
/** Names this generator: latency is measured only against its own clock. */
export const instance = (__ENV['HOSTNAME'] ?? 'k6').replace(/[^\w-]/g, '-');
export const profile: Profile = JSON.parse(open(import.meta.resolve(`../profiles/${__ENV['LOAD_PROFILE'] ?? 'laptop'}.json`)));
export const objectives: Objectives = JSON.parse(open(import.meta.resolve('../../../deploy/helm/carillon/files/slo.json')));

/** Throws for a scenario that the profile does not know: then nothing is run. */
export function settingsOf(scenario: string): ScenarioSettings {
  const settings = profile.scenarios[scenario];
  if (settings === undefined) throw new Error(`this profile has no scenario ${scenario}`);
  return settings;
}
