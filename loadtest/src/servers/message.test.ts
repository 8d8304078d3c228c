import { expect, test } from 'vitest';
import { messageBytes, writeMessage } from './message.ts';

test('a message is JSON of a fixed length that says for whom, which and when, at fixed places', () => {
  const target = Buffer.alloc(3 * messageBytes);
  writeMessage(target, messageBytes, 1_234, 56, 7_890_123_456_789n);
  const text = target.toString('latin1', messageBytes, 2 * messageBytes);
  expect(JSON.parse(text)).toMatchObject({ type: 'event', data: { bench: '0001234 000000056 0000007890123456789' } });
  expect(target.subarray(0, messageBytes).every((byte) => byte === 0)).toBe(true);
  expect(target.subarray(2 * messageBytes).every((byte) => byte === 0)).toBe(true);
});

test('the next message at the same place leaves nothing of the one before', () => {
  const target = Buffer.alloc(messageBytes);
  writeMessage(target, 0, 9_999_999, 999_999_999, 9n);
  writeMessage(target, 0, 1, 2, 0n);
  expect(target.toString()).toContain('"bench":"0000001 000000002 0000000000000000000"');
});
