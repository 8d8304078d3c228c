import { expect, test } from 'vitest';
import { userText } from './text.ts';

test('[S5] NUL and lone surrogates are faults', () => {
  expect(userText(1, 10).safeParse('a\u0000b').success).toBe(false);
  expect(userText(1, 10).safeParse('a\ud800b').success).toBe(false);
  expect(userText(1, 10).safeParse('a😀b').success).toBe(true);
});

test('length counts code points', () => {
  expect(userText(1, 3).safeParse('😀😀😀').success).toBe(true);
  expect(userText(1, 3).safeParse('😀😀😀😀').success).toBe(false);
  expect(userText(1, 3).safeParse('').success).toBe(false);
});
