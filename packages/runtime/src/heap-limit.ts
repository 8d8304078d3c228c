import { getHeapStatistics } from 'node:v8';

/** Bytes that this process's heap may grow to, as `--max-old-space-size` or Node's default sets it. */
export function heapLimitBytes(): number {
  return getHeapStatistics().heap_size_limit;
}
