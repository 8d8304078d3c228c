import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readProfile } from './profile.ts';
import { k6Version } from './result-of.ts';
import { isScenario, profiles, scenarios } from './scenarios.ts';

const names = Object.keys(scenarios).filter(isScenario);
/** Of production mode: SEND_RATE 50 in 10 s; development has none. */
const messagesPerSecondAndSender = 5;

test.each(profiles)('the profile %s sizes every scenario', (profile) => {
  for (const name of names) expect(readProfile(profile, name).settings.steadySeconds, name).toBeGreaterThan(0);
});

test.each(['staging', 'production'])('no sender of the profile %s writes faster than a production cluster lets one', (profile) => {
  for (const name of names) {
    const { audiences, rate, stepFactor = 1, steps = 1 } = readProfile(profile, name).settings;
    const senders = audiences.reduce((sum, { groups }) => sum + groups, 0);
    expect((rate * stepFactor ** (steps - 1)) / senders, name).toBeLessThanOrEqual(messagesPerSecondAndSender);
  }
});

test('k6 is one version: built here, told in reports, run by the operator of Kubernetes', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const { k6 } = JSON.parse(read('../../../tools/tools.json')) as { k6: { version: string } };
  expect(k6.version).toBe(k6Version);
  expect(read('../../k6/k8s/testrun.yaml')).toContain(`image: grafana/k6:${k6Version}\n`);
});
