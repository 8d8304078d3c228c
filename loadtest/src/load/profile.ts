import { readFileSync } from 'node:fs';
import { StartError } from '@carillon/runtime';
import { z } from 'zod';
import type { ScenarioName } from './scenarios.ts';

const scenarioSchema = z.looseObject({
  audiences: z.array(z.object({ audience: z.number().int().positive(), groups: z.number().int().positive() })),
  connectSeconds: z.number(),
  warmUpSeconds: z.number(),
  steadySeconds: z.number(),
  rate: z.number(),
  settleSeconds: z.number(),
  faultAfterSeconds: z.number().optional(),
  stalledReaders: z.number().optional(),
  stepFactor: z.number().optional(),
  steps: z.number().optional(),
  /** Instead of the profile's. */
  shards: z.number().optional(),
  clusterEnv: z.record(z.string(), z.string()).optional(),
});

/** The parts of a profile that the runner reads; the k6 scripts read the same file. */
const profileSchema = z.object({
  latencyFactor: z.number().nullable(),
  cluster: z.object({ apis: z.number(), shards: z.number(), env: z.record(z.string(), z.string()) }),
  validity: z.object({ lagMs: z.number(), startPressurePercent: z.number(), generatorCores: z.number() }),
  scenarios: z.record(z.string(), scenarioSchema),
});

export type Profile = z.infer<typeof profileSchema>;
export type ScenarioSettings = z.infer<typeof scenarioSchema>;

/** Throws StartError when the profile does not have the scenario. */
export function readProfile(name: string, scenario: ScenarioName): { profile: Profile; settings: ScenarioSettings } {
  const profile = profileSchema.parse(JSON.parse(readFileSync(new URL(`../../k6/profiles/${name}.json`, import.meta.url), 'utf8')));
  const settings = profile.scenarios[scenario];
  if (settings === undefined)
    throw new StartError(`the profile ${name} has no scenario ${scenario}: it has ${Object.keys(profile.scenarios).join(', ')}`);
  return { profile, settings };
}
