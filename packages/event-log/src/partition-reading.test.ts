import { expect, test } from 'vitest';
import { PartitionReading } from './partition-reading.ts';

test('[D9] a batch fetched before a rejoin is refused: taking it would skip what lies before it', () => {
  const reading = new PartitionReading(5);
  expect(reading.accept(10, 30)).toBe('refused');
  expect(reading.accept(5, 30)).toBe('expected');
  reading.hand(5);
  reading.hand(6);
  expect(reading.accept(10, 30)).toBe('refused');
  expect(reading.accept(7, 30)).toBe('expected');
});

test('[D9] reading may start below the floor: a commit may have been lost', () => {
  const reading = new PartitionReading(5);
  expect(reading.accept(3, 30)).toBe('expected');
  expect([reading.position, reading.next, reading.lag]).toEqual([3, 3, 27]);
});

test('a partition that is new to this member starts anywhere', () => {
  expect(new PartitionReading(undefined).accept(1_000, 2_000)).toBe('expected');
});

test('a log that jumped is followed when the same offset is fetched again', () => {
  const reading = new PartitionReading(5);
  expect([reading.accept(50, 60), reading.accept(50, 60)]).toEqual(['refused', 'jumped']);
  reading.hand(50);
  expect([reading.accept(0, 3), reading.accept(0, 3)]).toEqual(['refused', 'jumped']);
  expect(reading.next).toBe(0);
});

test('[D9] the first position is committed, then only what moves on', () => {
  const reading = new PartitionReading(undefined);
  expect(reading.toCommit()).toBeUndefined();
  reading.accept(7, 9);
  expect(reading.toCommit()).toBe(7);
  reading.committed(7);
  expect(reading.toCommit()).toBeUndefined();
  reading.hand(7);
  reading.hand(8);
  reading.finish(8);
  expect(reading.toCommit()).toBeUndefined();
  reading.finish(7);
  expect(reading.toCommit()).toBe(9);
});

test('[D13] only a long backlog, of which nothing was handed over, is passed over; the place behind it is committed', () => {
  const reading = new PartitionReading(undefined);
  reading.accept(100, 150);
  expect(reading.skipBacklog(50)).toBe(0);
  expect(reading.skipBacklog(49)).toBe(50);
  expect([reading.next, reading.toCommit()]).toEqual([150, 150]);
  expect(reading.accept(150, 900)).toBe('expected');
  reading.hand(150);
  expect(reading.skipBacklog(49)).toBe(0);
});
