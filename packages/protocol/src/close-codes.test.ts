import { expect, test } from 'vitest';
import { closeCodes, mayReconnect } from './close-codes.ts';

test('[P5] the range of a close code tells whether to come back', () => {
  for (const { code, client } of Object.values(closeCodes)) {
    expect(mayReconnect(code), `${code}`).toBe(!client.startsWith('stop'));
  }
  expect([1000, 1001, 1006, 1012, 1013, 4000, 4499].every(mayReconnect)).toBe(true);
  expect([1008, 1009, 4500, 4999].some(mayReconnect)).toBe(false);
});
