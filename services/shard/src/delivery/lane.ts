import { WorkQueue } from './work-queue.ts';

/**
 * A task: one record of one of its partitions at a time; while it waits for a forward, the other lanes go on. The forwarder bounds that
 * wait: the entry before and its own, 300 ms each.
 */
export class Lane {
  readonly queue = new WorkQueue();
  state: 'idle' | 'ready' | 'waiting' = 'idle';
  /** A later assignment replaced it: what it still does counts no more. */
  isVoid = false;
}
