import { parseArgs } from 'node:util';
import { StartError } from '@carillon/runtime';
import { isScenario, profiles, type ScenarioName, scenarios } from './scenarios.ts';

export const loadUsage = `npm run load -- <scenario> [flags]: runs a k6 scenario and writes a report

scenarios
${Object.entries(scenarios)
  .map(([name, does]) => `  ${name.padEnd(20)} ${does}`)
  .join('\n')}

flags
  --profile NAME   ${profiles.join(', ')} (laptop): sizes, rates and limits, in loadtest/k6/profiles
  --target URL     an API to load; without it a cluster is started here and removed at the end
  --metrics URLS   admin ports of the target, separated by commas: stages and connections of the servers
  --out FOLDER     where the report goes (loadtest/results/<scenario>-<time>)
  --json           the result as JSON on standard output, no progress
  --help

A target must hand out development tokens, or LOAD_JWT_SECRET (with LOAD_JWT_ISSUER, LOAD_JWT_AUDIENCE) signs tokens that it accepts.
Exit code: 0 passed, 1 failed or not started, 3 INVALID (the generator or the machine was too slow to judge).
`;

export type LoadOptions = {
  readonly scenario: ScenarioName;
  readonly profile: string;
  readonly target: string | undefined;
  readonly metrics: readonly string[];
  readonly out: string | undefined;
  readonly json: boolean;
};

/** Throws StartError with one sentence. */
export function parseLoadArgs(args: readonly string[]): LoadOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help === true) return 'help';
  const [scenario, ...more] = positionals;
  if (scenario === undefined || more.length > 0) throw new StartError(`name one scenario\n\n${loadUsage}`);
  if (!isScenario(scenario)) throw new StartError(`no scenario is called ${scenario}\n\n${loadUsage}`);
  const profile = values.profile ?? 'laptop';
  if (!profiles.some((known) => known === profile)) throw new StartError(`--profile is one of ${profiles.join(', ')}`);
  const target = values.target?.replace(/\/+$/, '');
  const metrics = (values.metrics ?? '').split(',').filter((url) => url !== '');
  for (const url of [...(target === undefined ? [] : [target]), ...metrics]) {
    if (!URL.canParse(url)) throw new StartError(`${url} is not a URL`);
  }
  return { scenario, profile, target, metrics, out: values.out, json: values.json === true };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = { profile: text, target: text, metrics: text, out: text, json: flag, help: flag };
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${loadUsage}`, { cause: error });
  }
}
