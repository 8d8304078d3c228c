// @vitest-environment happy-dom
import { expect, test, vi } from 'vitest';
import { oncePerFrame } from './once-per-frame.ts';

function changes() {
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const change = () => {
    for (const listener of listeners) listener();
  };
  return { subscribe, change };
}
const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

test('many changes in one frame are told once; the next frame’s are told again', async () => {
  const { subscribe, change } = changes();
  const listener = vi.fn();
  oncePerFrame(subscribe)(listener);
  for (let count = 0; count < 100; count += 1) change();
  expect(listener).toHaveBeenCalledTimes(0);
  await nextFrame();
  expect(listener).toHaveBeenCalledTimes(1);
  change();
  await nextFrame();
  expect(listener).toHaveBeenCalledTimes(2);
});

test('who has left is not told any more; a hidden page is told at once', async () => {
  const { subscribe, change } = changes();
  const listener = vi.fn();
  const leave = oncePerFrame(subscribe)(listener);
  change();
  leave();
  await nextFrame();
  expect(listener).toHaveBeenCalledTimes(0);
  oncePerFrame(subscribe)(listener);
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  change();
  expect(listener).toHaveBeenCalledTimes(1);
  vi.restoreAllMocks();
});
