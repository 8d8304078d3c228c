import type { Clock } from '@carillon/runtime';

/** Waits `ms`, or until the signal is aborted. Never rejects for that: the caller's loop looks at the signal by itself. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
