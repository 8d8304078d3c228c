// @vitest-environment happy-dom
import { expect, test, vi } from 'vitest';
import { pageEnvironment } from './environment.ts';

test('[C17] the network that is back, the tab that is looked at and the window that is chosen wake', () => {
  const wake = vi.fn();
  const stop = pageEnvironment(wake);
  const visibility = vi.spyOn(document, 'visibilityState', 'get');
  window.dispatchEvent(new Event('online'));
  window.dispatchEvent(new Event('focus'));
  visibility.mockReturnValue('hidden');
  document.dispatchEvent(new Event('visibilitychange'));
  expect(wake).toHaveBeenCalledTimes(2);
  visibility.mockReturnValue('visible');
  document.dispatchEvent(new Event('visibilitychange'));
  expect(wake).toHaveBeenCalledTimes(3);
  stop();
  for (const name of ['online', 'focus']) window.dispatchEvent(new Event(name));
  document.dispatchEvent(new Event('visibilitychange'));
  expect(wake).toHaveBeenCalledTimes(3);
});
