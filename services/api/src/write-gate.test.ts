import { AppError } from '@carillon/protocol';
import { expect, test } from 'vitest';
import { ManualClock } from './manual-clock.fixture.ts';
import { WriteGate, writeGateLimits } from './write-gate.ts';

const limits = { inFlight: 2, waiting: 3, waitMs: 1000 };

/** Writes that begin when the gate lets them, and end when the test says so. */
function setUp() {
  const clock = new ManualClock();
  const gate = new WriteGate(limits, clock);
  const begun: string[] = [];
  const finish = new Map<string, (fail?: Error) => void>();
  const write = (name: string, chatId = 'a') =>
    gate.run(chatId, () => {
      begun.push(name);
      return new Promise<string>((resolve, reject) => finish.set(name, (fail) => (fail === undefined ? resolve(name) : reject(fail))));
    });
  const settle = async () => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { clock, gate, begun, write, settle, finish: (name: string, fail?: Error) => finish.get(name)?.(fail) };
}

const codeOf = (error: unknown) => (error instanceof AppError ? error.code : error);

test('two writes of a chat run, others wait their turn in order', async () => {
  const { begun, write, finish, settle, gate, clock } = setUp();
  const writes = ['1', '2', '3', '4'].map((name) => write(name));
  await settle();
  expect(begun).toEqual(['1', '2']);
  finish('2');
  await settle();
  expect(begun).toEqual(['1', '2', '3']);
  finish('1', new Error('a failed write leaves its place too'));
  await settle();
  expect(begun).toEqual(['1', '2', '3', '4']);
  finish('3');
  finish('4');
  const outcomes = await Promise.allSettled(writes);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect([gate.size, clock.sleeping]).toEqual([0, 0]);
});

test('a hot chat does not hold another one', async () => {
  const { begun, write, settle } = setUp();
  for (const name of ['1', '2', '3']) void write(name);
  void write('other', 'b');
  await settle();
  expect(begun).toEqual(['1', '2', 'other']);
});

test('[H14] above the waiting list a write is refused at once', async () => {
  const { begun, write, finish, settle } = setUp();
  for (const name of ['1', '2', '3', '4', '5']) void write(name);
  const refused = write('6').catch(codeOf);
  expect(await refused).toBe('unavailable');
  finish('1');
  await settle();
  expect(begun).toEqual(['1', '2', '3']);
});

test('[H14] behind a thousand others, or after five seconds, a write is refused', async () => {
  const clock = new ManualClock();
  const gate = new WriteGate(writeGateLimits, clock);
  const never = new Promise<never>(() => undefined);
  const refused: unknown[] = [];
  const write = () => void gate.run('a', () => never).catch((error: unknown) => refused.push(codeOf(error)));
  for (let count = 0; count < 2 + 1_000; count += 1) write();
  clock.advance(4_999);
  await expect.poll(() => clock.sleeping).toBe(1_000);
  expect(refused).toEqual([]);
  write();
  await expect.poll(() => refused).toEqual(['unavailable']);
  clock.advance(1);
  await expect.poll(() => refused).toHaveLength(1_001);
});

test('[H14] a wait has a deadline, and its end takes no place', async () => {
  const { begun, write, finish, settle, clock, gate } = setUp();
  for (const name of ['1', '2']) void write(name);
  const expired = write('3').catch(codeOf);
  await settle();
  clock.advance(limits.waitMs);
  expect(await expired).toBe('unavailable');
  void write('4');
  finish('1');
  await settle();
  expect(begun).toEqual(['1', '2', '4']);
  finish('2');
  finish('4');
  await settle();
  expect(gate.size).toBe(0);
});
