import { expect, test } from 'vitest';
import {
  calibrationFaults,
  deliveryFaults,
  floorFaults,
  parsePressure,
  pressureFaults,
  receiverFaults,
  saturationFaults,
} from './gates.ts';

const received = {
  event: 'stats',
  ...{ frames: 100, bytes: 30_000, lost: 0, duplicated: 0, reordered: 0, misrouted: 0, other: 0, told: 0, stalledFrames: 0, closed: 0 },
  ...{ latencies: 0, p50Us: 0, p90Us: 0, p99Us: 0, p999Us: 0, cpuUs: 0, wallUs: 0 },
} as const;

test('the pressure is the average of ten seconds', () => {
  expect(parsePressure('some avg10=4.43 avg60=15.48 avg300=20.16 total=293359828\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n')).toBe(
    4.43,
  );
  expect(parsePressure('')).toBeUndefined();
  expect([pressureFaults(undefined), pressureFaults(4.99)]).toEqual([[], []]);
  expect(pressureFaults(5)).toHaveLength(1);
});

test('a host that changes its speed is told', () => {
  expect(calibrationFaults([])).toEqual([]);
  expect(calibrationFaults([10, 10.9, 10.5])).toEqual([]);
  expect(calibrationFaults([10, 11.2])).toHaveLength(1);
});

test('a floor that moves is told', () => {
  expect(floorFaults('U', [6, 6.8, 5.2])).toEqual([]);
  expect(floorFaults('U', [6, 6.2, 7.2])).toHaveLength(1);
});

test('a server that did not have its core, and a client that had too much of its own, are told', () => {
  expect(saturationFaults('S', [{ cpuUs: 96, wallUs: 100 }])).toEqual([]);
  expect(
    saturationFaults('S', [
      { cpuUs: 99, wallUs: 100 },
      { cpuUs: 94, wallUs: 100 },
    ]),
  ).toHaveLength(1);
  expect(receiverFaults([{ cpuUs: 79, wallUs: 100 }])).toEqual([]);
  expect(receiverFaults([{ cpuUs: 81, wallUs: 100 }])).toHaveLength(1);
});

test.each(['lost', 'duplicated', 'reordered', 'misrouted'] as const)('a message that is %s voids the run', (what) => {
  expect(deliveryFaults('S', 100, received)).toEqual([]);
  expect(deliveryFaults('S', 100, { ...received, [what]: 1 })).toHaveLength(1);
});

test('a message that did not come, and one too many, void the run', () => {
  expect(deliveryFaults('S', 101, received)).toHaveLength(1);
  expect(deliveryFaults('S', 99, received)).toHaveLength(1);
});
