import { expect, test } from 'vitest';
import { compareActivity } from './overview.ts';
import { OverviewOrder } from './overview-order.ts';
import { entryAt, ModelServer } from './testing/model-server.ts';
import type { OverviewEntry } from './wire.ts';

test('the order is that of a full sort, after few changes and after many', () => {
  const model = new ModelServer('me');
  model.createChat('c', ['ann']);
  const line = entryAt(model.now('c'), 'me');
  const order = new OverviewOrder();
  const lines = new Map<string, OverviewEntry>();
  let state = 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
  for (const changes of [200, 1, 40, 3, 33, 32, 0, 100, 1, 500, 2]) {
    for (let n = 0; n < changes; n += 1) {
      const id = `chat-${next(300)}`;
      const entry = { ...line, id, created_at: new Date(1_000 * next(50)).toISOString() };
      if (next(5) === 0) lines.delete(id);
      else lines.set(id, entry);
      order.put(id, lines.get(id));
    }
    expect(order.list()).toEqual([...lines.values()].sort(compareActivity));
    expect(order.list()).toBe(order.list());
  }
});
