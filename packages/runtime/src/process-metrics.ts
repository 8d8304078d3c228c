import type { Health } from './health.ts';
import { heapLimitBytes } from './heap-limit.ts';
import type { Metrics } from './metrics.ts';

/** What every process tells beside Node's own metrics: its heap's limit, and which of its dependencies answer, asked at each scrape. */
export function observeProcess(metrics: Metrics, health: readonly Health[]): void {
  const limit = metrics.gauge({ name: 'carillon_heap_limit_bytes', help: 'Bytes that the heap may grow to.' });
  limit.set(heapLimitBytes());
  metrics.gauge({
    name: 'carillon_dependency_up',
    help: '1 = the dependency answers this process, 0 = it does not.',
    labelNames: ['dependency'],
    async collect() {
      const states = (await Promise.all(health.map((part) => part.dependencies()))).flat();
      for (const { name } of states) {
        const isUp = states.every((state) => state.name !== name || state.up);
        this.set({ dependency: name }, isUp ? 1 : 0);
      }
    },
  });
}
