import { withDeadline } from '@carillon/runtime';
import { Redis } from 'ioredis';

/** Resolves when Redis answers; rejects with the reason why it does not, at the latest with the deadline. */
export async function probeRedis(url: string, deadlineMs: number): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: deadlineMs, retryStrategy: () => null });
  // The call is rejected with "Connection is closed", whatever the reason: the event has it.
  let reason: unknown;
  redis.on('error', (error) => {
    reason ??= error;
  });
  try {
    await withDeadline(
      redis.connect().then(() => redis.ping()),
      deadlineMs,
      'Redis',
    );
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
}
