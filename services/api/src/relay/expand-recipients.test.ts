import { partitionOf } from '@carillon/protocol';
import type { MemberInterval, MemberIntervals } from '@carillon/store';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecipientExpander } from './expand-recipients.ts';
import type { RecipientGroup } from './group-by-partition.ts';

const chatId = 'chat';
const users = (groups: readonly RecipientGroup[]) => groups.flatMap((group) => group.recipients);
const people = (count: number, joinedSeq = 1): MemberInterval[] =>
  Array.from({ length: count }, (_, i) => ({ userId: `user-${i}`, joinedSeq, leftSeq: null }));

function expanderOf(lists: Map<string, MemberIntervals>, partitionCount = 8) {
  const reads: string[] = [];
  const readIntervals = (chat: string) => {
    reads.push(chat);
    return Promise.resolve(lists.get(chat) ?? { memberVersion: 0, intervals: [] });
  };
  return { expander: new RecipientExpander({ partitionCount, readIntervals, maxChats: 4, maxMembers: 1_000 }), reads };
}

/** A chat's life: at each seq a user joins, leaves, or nothing about members happens. */
type Step = { kind: 'join' | 'leave' | 'other'; user: number };
const steps = fc.array(fc.record<Step>({ kind: fc.constantFrom<Step['kind']>('join', 'leave', 'other'), user: fc.nat({ max: 7 }) }), {
  minLength: 1,
  maxLength: 40,
});

/** The model: at each seq, the list of stays so far, and who must be told. */
function liveThrough(life: readonly Step[]): { list: MemberIntervals; told: string[] }[] {
  let intervals: MemberInterval[] = [];
  return life.map(({ kind, user }, i) => {
    const seq = i + 1;
    const userId = `user-${user}`;
    const present = intervals.find((interval) => interval.userId === userId && interval.leftSeq === null);
    if (kind === 'join' && present === undefined) intervals = [...intervals, { userId, joinedSeq: seq, leftSeq: null }];
    if (kind === 'leave') intervals = intervals.map((interval) => (interval === present ? { ...interval, leftSeq: seq } : interval));
    const told = intervals.filter((interval) => interval.leftSeq === null || interval.leftSeq === seq);
    return { list: { memberVersion: seq, intervals }, told: told.map((interval) => interval.userId) };
  });
}

test('[M7] an event expands to the members as of its seq, whichever later state of the chat is read', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.infiniteStream(fc.nat({ max: 40 })), async (life, lateness) => {
      const states = liveThrough(life);
      const lists = new Map<string, MemberIntervals>();
      const { expander } = expanderOf(lists);
      for (const [i, { told }] of states.entries()) {
        const late = states.at(Math.min(states.length - 1, i + Number(lateness.next().value)));
        if (late !== undefined) lists.set(chatId, late.list);
        const groups = await expander.expand({ chatId, seq: i + 1, memberVersion: i + 1 });
        expect(users(groups).toSorted()).toEqual(told.toSorted());
        expect(groups.every(({ partition, recipients }) => recipients.every((user) => partitionOf(user, 8) === partition))).toBe(true);
      }
    }),
  );
});

test('[M7] a removed member is told of the removal and of nothing later; one who comes back only of the new stay', async () => {
  const intervals = [
    { userId: 'ada', joinedSeq: 1, leftSeq: null },
    { userId: 'bob', joinedSeq: 2, leftSeq: 4 },
    { userId: 'bob', joinedSeq: 6, leftSeq: null },
  ];
  const { expander } = expanderOf(new Map([[chatId, { memberVersion: 3, intervals }]]));
  const told: string[][] = [];
  for (const seq of [1, 2, 4, 5, 6, 7]) told.push(users(await expander.expand({ chatId, seq, memberVersion: 3 })).toSorted());
  expect(told).toEqual([['ada'], ['ada', 'bob'], ['ada', 'bob'], ['ada'], ['ada', 'bob'], ['ada', 'bob']]);
});

test('[M7] a list serves every row up to its member version and is read again for a newer one', async () => {
  const lists = new Map([[chatId, { memberVersion: 5, intervals: people(3) }]]);
  const { expander, reads } = expanderOf(lists);
  for (const memberVersion of [1, 5, 3, 5]) await expander.expand({ chatId, seq: 9, memberVersion });
  expect(reads).toHaveLength(1);
  lists.set(chatId, { memberVersion: 6, intervals: people(4) });
  expect(users(await expander.expand({ chatId, seq: 9, memberVersion: 6 }))).toHaveLength(4);
  expect(reads).toHaveLength(2);
});

test('the groups of a settled membership are built once, not per message', async () => {
  const { expander } = expanderOf(new Map([[chatId, { memberVersion: 1, intervals: people(800) }]]));
  const first = await expander.expand({ chatId, seq: 2, memberVersion: 1 });
  expect(await expander.expand({ chatId, seq: 3, memberVersion: 1 })).toBe(first);
});

test('[D11] no group has more than 500 recipients, and all of one are of one partition', async () => {
  const { expander } = expanderOf(new Map([[chatId, { memberVersion: 1, intervals: people(10_000) }]]), 4);
  const groups = await expander.expand({ chatId, seq: 2, memberVersion: 1 });
  expect(Math.max(...groups.map((group) => group.recipients.length))).toBeLessThanOrEqual(500);
  expect(new Set(users(groups)).size).toBe(10_000);
  for (const group of groups) expect(group.bytes).toBeGreaterThanOrEqual(JSON.stringify(group.recipients).length);
});

test('a list above the bound is not kept, one below it is; a chat that is gone has no recipients', async () => {
  const lists = new Map([
    ['large', { memberVersion: 1, intervals: people(1_001) }],
    ['small', { memberVersion: 1, intervals: people(2) }],
  ]);
  const { expander, reads } = expanderOf(lists);
  for (const chat of ['large', 'small', 'large', 'small', 'gone']) await expander.expand({ chatId: chat, seq: 2, memberVersion: 1 });
  expect(reads).toEqual(['large', 'small', 'large', 'gone']);
  expect(await expander.expand({ chatId: 'gone', seq: 2, memberVersion: 1 })).toEqual([]);
});

test('reading ahead reads each chat once and stops before it would push out what it has read', async () => {
  const lists = new Map(Array.from({ length: 30 }, (_, i) => [`chat-${i}`, { memberVersion: 1, intervals: people(60) }]));
  const { expander, reads } = expanderOf(lists);
  const rows = [...lists.keys()].flatMap((chat) => [chat, chat]).map((chat) => ({ chatId: chat, seq: 1, memberVersion: 1 }));
  await expander.prefetch(rows);
  expect(new Set(reads).size).toBe(reads.length);
  expect(reads.length).toBeLessThan(10);
});
