import { expect, test } from 'vitest';
import { table } from './table.ts';

test('[A2] columns are as wide as their longest cell, numbers stand to the right', () => {
  expect(
    table(
      ['shard', 'connections', 'state'],
      [
        ['shard-0', 7, 'ready'],
        ['s', 1200, 'draining'],
      ],
    ),
  ).toBe('shard    connections  state\nshard-0            7  ready\ns               1200  draining\n');
});
