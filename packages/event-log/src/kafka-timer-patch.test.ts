import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';
import { patchKafkaTimer } from './kafka-timer-patch.ts';

type Queue = { pending: unknown[]; throttledUntil: number; scheduleCheckPendingRequests(): void; destroy(): void };
type QueueClass = new (options: object) => Queue;

test('an idle kafkajs connection sets no timer; a waiting request is looked after', () => {
  expect([patchKafkaTimer(), patchKafkaTimer()]).toEqual([true, true]);
  const RequestQueue: QueueClass = createRequire(import.meta.url)('kafkajs/src/network/requestQueue');
  const queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1, logger: { debug: () => undefined } });
  const timers = vi.spyOn(globalThis, 'setTimeout');
  queue.scheduleCheckPendingRequests();
  expect(timers).not.toHaveBeenCalled();
  queue.pending.push({});
  queue.scheduleCheckPendingRequests();
  queue.scheduleCheckPendingRequests();
  expect(timers).toHaveBeenCalledTimes(1);
  queue.destroy();
  timers.mockRestore();
});
