import { z } from 'zod';

const percentilesSchema = z.object({
  count: z.number(),
  min: z.number(),
  mean: z.number(),
  p50: z.number(),
  p90: z.number(),
  p99: z.number(),
  p999: z.number(),
  max: z.number(),
});
const curve = z.array(z.number().nullable());
const curves = z.record(z.string(), curve);

/** What a run leaves as result.json, and what two runs are compared by. */
export const resultSchema = z.object({
  format: z.literal(1),
  scenario: z.string(),
  profile: z.string(),
  at: z.string(),
  version: z.string(),
  target: z.string(),
  machine: z.object({ node: z.string(), k6: z.string(), kernel: z.string(), cores: z.number(), cpu: z.string(), memoryGiB: z.number() }),
  settings: z.looseObject({}),
  verdict: z.enum(['passed', 'failed', 'invalid']),
  /** Why it failed or is invalid; with `passed`, what to know about the timings. */
  reasons: z.array(z.string()),
  checks: z.array(z.object({ metric: z.string(), limit: z.string(), ok: z.boolean() })),
  counts: z.record(z.string(), z.number()),
  latencyMs: z.object({
    all: percentilesSchema.nullable(),
    byAudience: z.record(z.string(), percentilesSchema),
    byPhase: z.record(z.string(), percentilesSchema),
  }),
  /** Other times in milliseconds, by k6's metric names. */
  times: z.record(z.string(), percentilesSchema),
  /** `breakpoint`: the rates that were tried, slowest first, and whether the objective held. */
  steps: z.array(z.object({ rate: z.number(), held: z.boolean(), latencyMs: percentilesSchema })),
  /** Of the servers, over the steady phase. */
  stages: z.record(z.string(), z.object({ count: z.number(), mean: z.number(), p50: z.number(), p99: z.number() })),
  processes: z.array(
    z.object({ role: z.string(), cpuCores: z.number(), cpuMax: z.number(), rssMaxMiB: z.number(), rssEndMiB: z.number() }),
  ),
  generator: z.object({
    cpuCores: z.number(),
    lagP99Ms: z.number(),
    publishLagP99Ms: z.number(),
    droppedIterations: z.number(),
    startPressurePercent: z.number().nullable(),
    hostBusyPercent: z.number(),
  }),
  closes: z.record(z.string(), z.number()),
  /** Seconds since the epoch of each figure; marks are phases and faults. */
  series: z.object({
    seconds: z.array(z.number()),
    marks: z.array(z.object({ second: z.number(), name: z.string() })),
    delivered: curve,
    latencyMs: z.object({ p50: curve, p90: curve, p99: curve, max: curve }),
    connections: curves,
    connects: curves,
    advised: curve,
    stagesMs: curves,
    cpuCores: curves,
    memoryMiB: curves,
  }),
});

export type LoadResult = z.infer<typeof resultSchema>;
export type Step = LoadResult['steps'][number];
export type Percentiles = z.infer<typeof percentilesSchema>;
export type Mark = LoadResult['series']['marks'][number];
