import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Connection } from './connection.ts';
import { ConnectionTable } from './connection-table.ts';

const connection = (userId: string) => ({ userId, next: undefined }) as unknown as Connection;
const chainOf = (table: ConnectionTable, userId: string) => {
  const chain: Connection[] = [];
  for (let one = table.newestOf(userId); one !== undefined; one = one.next) chain.push(one);
  return chain;
};

test('a socket without a user counts, and its end is nobody`s last', () => {
  const table = new ConnectionTable();
  const nobody = connection('');
  table.open(nobody);
  expect(table.size).toBe(1);
  expect(table.remove(nobody)).toBe(false);
  expect(table.size).toBe(0);
});

test('the surplus of a user is the oldest', () => {
  const table = new ConnectionTable();
  const [first, second, third] = [connection('a'), connection('a'), connection('a')];
  for (const one of [first, second, third]) table.join(one);
  expect(table.surplusOf('a', 2)).toEqual([first]);
  expect(table.surplusOf('a', 3)).toEqual([]);
  expect(table.surplusOf('b', 0)).toEqual([]);
});

test('any mix of joins and ends leaves each user with their own connections, newest first', () => {
  const step = fc.record({ user: fc.constantFrom('a', 'b'), ends: fc.boolean(), which: fc.nat({ max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new ConnectionTable();
      const model = new Map<string, Connection[]>([
        ['a', []],
        ['b', []],
      ]);
      for (const { user, ends, which } of steps) {
        const open = model.get(user) ?? [];
        const gone = ends ? open[which] : undefined;
        if (gone === undefined) {
          const made = connection(user);
          table.open(made);
          table.join(made);
          open.unshift(made);
        } else {
          open.splice(which, 1);
          expect(table.remove(gone)).toBe(open.length === 0);
        }
        expect(chainOf(table, user)).toEqual(open);
        expect(table.isHere(user)).toBe(open.length > 0);
      }
      expect(table.size).toBe([...model.values()].flat().length);
    }),
  );
});
