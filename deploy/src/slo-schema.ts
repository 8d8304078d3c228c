import { latencyBuckets } from '@carillon/runtime';
import { z } from 'zod';

const share = z.number().gt(0).max(1);
const window = z.string().regex(/^[0-9]+[mh]$/);
const objective = (what: string) => z.strictObject({ objective: share }).describe(what);

const delivery = z
  .strictObject({
    objective: share,
    threshold_seconds: z.literal(latencyBuckets).describe('A bucket of the histogram, else the share cannot be read from it.'),
  })
  .describe('The share of notifications that reach a socket within the threshold after their commit.');
const burnRate = z.strictObject({ factor: z.number().gt(1), long: window, short: window });
const burnRates = z
  .strictObject({ fast: burnRate, slow: burnRate })
  .describe(
    'How many times faster than allowed the error budget may burn, over a long window and, so that the alert ends soon after its cause, a short one.',
  );

/** `files/slo.json`: what alert rules, dashboards and the thresholds of load tests share. */
export const sloSchema = z.strictObject({
  $schema: z.string().optional(),
  window_days: z.int().min(1).describe('Days over which an objective is judged.'),
  delivery,
  canary_reach: objective('The share of shards through which the canary’s message must arrive.'),
  api: objective('The share of HTTP requests that are not answered with 5xx.'),
  connect: objective('The share of WebSocket upgrades that are not refused with 503.'),
  burn_rates: burnRates,
});

/** `metrics.slo` of the values: any part of it. */
export const sloChangesSchema = sloSchema
  .omit({ $schema: true })
  .extend({ delivery: delivery.partial(), burn_rates: burnRates.extend({ fast: burnRate.partial(), slow: burnRate.partial() }).partial() })
  .partial()
  .describe('Changes to files/slo.json, merged over it.');
