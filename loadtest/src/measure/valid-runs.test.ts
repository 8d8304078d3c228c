import { expect, test } from 'vitest';
import { maxTriesPerRun, validRuns } from './valid-runs.ts';

const quietHost = { quiet: async () => [], disturbances: () => [] };

function plan(disturbed: readonly number[], broken: readonly number[] = []) {
  const told: string[] = [];
  return {
    told,
    ...{
      times: 2,
      announce: (text: string) => void told.push(text),
      describe: (run: number) => `run ${run}`,
      run: async (time: number) => time,
    },
    disturbances: (run: number) => (disturbed.includes(run) ? ['busy'] : []),
    errors: (run: number) => (broken.includes(run) ? [`${run} lost`] : []),
  };
}

test('the warm-up counts for nothing, a disturbed run is repeated and told', async () => {
  const disturbed = plan([0, 2]);
  expect(await validRuns(disturbed, quietHost)).toEqual({ runs: [1, 3], faults: [], repeated: 1 });
  expect(disturbed.told).toEqual(['run 1 of 2: run 1', 'void (busy): run 2', 'run 2 of 2: run 3']);
});

test('tries are bounded, and too few valid runs are a fault', async () => {
  const { runs, faults, repeated } = await validRuns(plan([1, 2, 3, 4, 5]), quietHost);
  expect([runs, repeated]).toEqual([[6], 2 * maxTriesPerRun - 1]);
  expect(faults).toEqual(['only 1 of 2 runs were undisturbed, the last one that was not: busy']);
});

test('no repetition helps where messages were lost, not even in the warm-up or a run that is void', async () => {
  expect((await validRuns(plan([2], [0, 2]), quietHost)).faults).toEqual(['0 lost', '2 lost']);
});

test('a host that is never quiet is a fault, one that is slow at times repeats', async () => {
  let slow = 1;
  const host = { quiet: async () => ['other loads'], disturbances: () => (slow-- > 0 ? ['slow'] : []) };
  expect(await validRuns(plan([]), host)).toEqual({ runs: [2, 3], faults: ['other loads'], repeated: 1 });
});
