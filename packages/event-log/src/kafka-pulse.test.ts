import { expect, test } from 'vitest';
import { KafkaPulse } from './kafka-pulse.ts';

const ticks = (pulse: KafkaPulse, seconds: number) => Array.from({ length: seconds }, () => pulse.tick()).at(-1);

test('[L3] a consumer without a fetch for 15 s is silent, from 3 s on suspicious', () => {
  const pulse = new KafkaPulse();
  pulse.joined();
  expect(ticks(pulse, 2)).toBe('alive');
  expect(ticks(pulse, 12)).toBe('suspicious');
  expect(ticks(pulse, 1)).toBe('silent');
  pulse.fetched();
  expect(ticks(pulse, 1)).toBe('alive');
});

test('[L3] without a heartbeat for 30 s it is silent, though it fetches', () => {
  const pulse = new KafkaPulse();
  pulse.joined();
  const verdicts = Array.from({ length: 30 }, () => {
    pulse.fetched();
    return pulse.tick();
  });
  expect([verdicts.at(-2), verdicts.at(-1)]).toEqual(['alive', 'silent']);
  pulse.heartbeat();
  pulse.fetched();
  expect(pulse.tick()).toBe('alive');
});

test('[L3] a join may last twice the session', () => {
  const pulse = new KafkaPulse();
  pulse.joined();
  pulse.joining();
  expect(ticks(pulse, 29)).toBe('suspicious');
  expect(ticks(pulse, 1)).toBe('silent');
  pulse.joined();
  expect(ticks(pulse, 1)).toBe('alive');
});

test('[L6] while Kafka is away nobody is blamed', () => {
  const pulse = new KafkaPulse();
  pulse.joined();
  for (let round = 0; round < 20; round += 1) {
    expect(ticks(pulse, 14)).toBe('suspicious');
    pulse.away();
  }
});
