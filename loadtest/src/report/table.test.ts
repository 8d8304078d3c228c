import { expect, test } from 'vitest';
import type { Row } from '../measure/row.ts';
import { formatTable } from './table.ts';

const goal = { direction: 'atMost', mustReach: 1.35, aim: 1.15 } as const;
const rows: Row[] = [
  { label: 'push: a', unit: '×', samples: [1.3, 1.1, 1.2], goal, faults: [], note: 'beside it' },
  { label: 'push: b', unit: '×', samples: [1, 1, 1], goal, faults: ['other loads'] },
  { label: 'push: c', unit: '×', samples: [1.1], goal, faults: ['other loads'] },
];

test('a row shows median, spread, goals and verdict; a value that does not count is shown with its reason, once', () => {
  const lines = formatTable(rows).split('\n');
  expect(lines[2]).toMatch(/^push: a +1\.20 × \(1\.10–1\.30\) +≤ 1\.35 × +1\.15 × +reached$/);
  expect(lines[3]).toMatch(/^push: b +1 × \(1–1\) .* INVALID$/);
  expect(lines.slice(5)).toEqual(['  push: a: beside it', '  push INVALID: other loads']);
});
