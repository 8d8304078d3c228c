import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { LoadResult, Percentiles } from './result.ts';

const summarySchema = z.object({
  metrics: z.record(
    z.string(),
    z.object({
      type: z.string(),
      values: z.record(z.string(), z.number()),
      thresholds: z.record(z.string(), z.object({ ok: z.boolean() })).optional(),
    }),
  ),
});

/** What k6 counted and judged by itself: exact counts, percentiles over all samples, the thresholds' outcomes. */
export class K6Summary {
  readonly #metrics: z.infer<typeof summarySchema>['metrics'];

  private constructor(metrics: z.infer<typeof summarySchema>['metrics']) {
    this.#metrics = metrics;
  }

  /** Undefined when k6 ended without one. */
  static read(file: string): K6Summary | undefined {
    try {
      return new K6Summary(summarySchema.parse(JSON.parse(readFileSync(file, 'utf8'))).metrics);
    } catch (_absent) {
      return undefined;
    }
  }

  count(name: string): number {
    return this.#metrics[name]?.values['count'] ?? 0;
  }

  /** All counters that are not k6's own, with their parts by tag. */
  counts(): Record<string, number> {
    const own = Object.entries(this.#metrics).filter(
      ([name, { type }]) => type === 'counter' && !/^(http|ws|data|iterations|vus)/.test(name),
    );
    return Object.fromEntries(own.map(([name, { values }]) => [name, values['count'] ?? 0]));
  }

  percentiles(name: string): Percentiles | undefined {
    const values = this.#metrics[name]?.values;
    const count = values?.['count'] ?? 0;
    if (values === undefined || count === 0) return undefined;
    const at = (key: string) => Math.round((values[key] ?? 0) * 100) / 100;
    return {
      count,
      min: at('min'),
      mean: at('avg'),
      p50: at('med'),
      p90: at('p(90)'),
      p99: at('p(99)'),
      p999: at('p(99.9)'),
      max: at('max'),
    };
  }

  /** The parts of a trend by one of its tags. */
  byTag(name: string, tag: string): Record<string, Percentiles> {
    const parts = Object.keys(this.#metrics).flatMap((key) => {
      const value = key.startsWith(`${name}{${tag}:`) ? key.slice(name.length + tag.length + 2, -1) : undefined;
      const figures = value === undefined ? undefined : this.percentiles(key);
      return value === undefined || figures === undefined ? [] : [[value, figures] as const];
    });
    return Object.fromEntries(parts);
  }

  checks(): LoadResult['checks'] {
    return Object.entries(this.#metrics).flatMap(([metric, { thresholds }]) =>
      Object.entries(thresholds ?? {}).map(([limit, { ok }]) => ({ metric, limit, ok })),
    );
  }
}
