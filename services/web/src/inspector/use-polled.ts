import { useEffect, useState } from 'react';

export type Polled<T> = { readonly value: T | undefined; readonly error: string | undefined };

/** Asks again and again while the component is there and the tab is looked at; the last value stays while an answer fails. */
export function usePolled<T>(ask: () => Promise<T>, everyMs: number): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({ value: undefined, error: undefined });
  useEffect(() => {
    let isGone = false;
    let timer = 0;
    const show = (next: (last: Polled<T>) => Polled<T>) => isGone || setPolled(next);
    const poll = async () => {
      if (!document.hidden) await askOnce(ask, show);
      if (!isGone) timer = window.setTimeout(() => void poll(), everyMs);
    };
    void poll();
    return () => {
      isGone = true;
      window.clearTimeout(timer);
    };
  }, [ask, everyMs]);
  return polled;
}

/** Never rejects: an error is shown. */
async function askOnce<T>(ask: () => Promise<T>, show: (next: (last: Polled<T>) => Polled<T>) => unknown): Promise<void> {
  try {
    const value = await ask();
    show(() => ({ value, error: undefined }));
  } catch (error) {
    show(({ value }) => ({ value, error: error instanceof Error ? error.message : String(error) }));
  }
}
