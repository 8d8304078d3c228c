import fc from 'fast-check';
import { AssignerProtocol } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { decodeMember, encodeMember } from './kafka-sticky-assigner.ts';
import { type AssignmentMember, assignPartitions } from './sticky-assigner.ts';

const member = fc.record({
  shardId: fc.constantFrom('a', 'b', 'c', 'd'),
  epoch: fc.integer({ min: 0, max: 3 }),
  owned: fc.array(fc.integer({ min: -2, max: 70 }), { maxLength: 70 }),
  state: fc.constantFrom('active', 'active', 'active', 'draining'),
});
const groups = fc
  .array(member, { minLength: 1, maxLength: 9 })
  .map((members): AssignmentMember[] => members.map((each, index) => ({ ...each, memberId: `m${index}` })));
const counts = fc.constantFrom(1, 3, 16, 64);

const takers = (members: readonly AssignmentMember[]) =>
  members.filter((each) => each.state === 'active' && !members.some((other) => other.shardId === each.shardId && other.epoch > each.epoch));
const active = (memberId: string, owned: readonly number[], epoch = 1): AssignmentMember => ({
  memberId,
  shardId: memberId,
  epoch,
  owned,
  state: 'active',
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('the sticky assignment', () => {
  test('is total, disjoint, balanced within 1, and gives draining and superseded members nothing', () => {
    fc.assert(
      fc.property(groups, counts, (members, partitions) => {
        const assignment = assignPartitions(members, partitions);
        expect([...assignment.keys()].sort()).toEqual(members.map(({ memberId }) => memberId).sort());
        const sizes = takers(members).map(({ memberId }) => assignment.get(memberId)?.length ?? -1);
        const all = [...assignment.values()].flat().sort((a, b) => a - b);
        expect(all).toEqual(sizes.length === 0 ? [] : range(0, partitions));
        if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(
        groups.chain((members) => fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length }))),
        counts,
        ([members, shuffled], partitions) => {
          const sorted = (assignment: Map<string, number[]>) => [...assignment].sort(([a], [b]) => (a < b ? -1 : 1));
          expect(sorted(assignPartitions(shuffled, partitions))).toEqual(sorted(assignPartitions(members, partitions)));
        },
      ),
    );
  });

  test('moves as few partitions as balance allows', () => {
    fc.assert(
      fc.property(groups, counts, (members, partitions) => {
        const first = assignPartitions(members, partitions);
        const settled = members.map((each) => ({ ...each, owned: first.get(each.memberId) ?? [] }));
        expect(assignPartitions(settled, partitions)).toEqual(first);
        const joined = assignPartitions([...settled, active('new', [])], partitions);
        const moved = (memberId: string) => (first.get(memberId) ?? []).filter((p) => !joined.get(memberId)?.includes(p)).length;
        const movedAway = takers(members).reduce((sum, { memberId }) => sum + moved(memberId), 0);
        if (takers(members).length > 0) expect(movedAway).toBe(joined.get('new')?.length);
      }),
    );
  });

  test('keeps everything of the others when a member leaves', () => {
    const members = [active('a', range(0, 22)), active('b', range(22, 43)), active('c', range(43, 64))];
    const assignment = assignPartitions(members.slice(0, 2), 64);
    expect(assignment.get('a')).toEqual(expect.arrayContaining(range(0, 22)));
    expect(assignment.get('b')).toEqual(expect.arrayContaining(range(22, 43)));
  });

  test('gives a partition that two claim to the higher epoch', () => {
    const assignment = assignPartitions([active('old', [0, 1, 2, 3], 1), active('young', [2, 3], 2)], 4);
    expect(assignment.get('young')).toEqual([2, 3]);
    expect(assignment.get('old')).toEqual([0, 1]);
  });

  test('gives nothing to the predecessor of a restarted shard', () => {
    const predecessor = { ...active('m1', [0, 1, 2, 3], 1), shardId: 'a' };
    const assignment = assignPartitions([predecessor, { ...active('m2', [], 2), shardId: 'a' }], 4);
    expect(assignment.get('m2')).toEqual([0, 1, 2, 3]);
  });
});

const metadataOf = (userData: Buffer) => AssignerProtocol.MemberMetadata.encode({ version: 1, topics: ['t'], userData });

test('what a member tells at its join is read by the leader', () => {
  const told = { shardId: 'a', epoch: 17, state: 'draining' } as const;
  expect(decodeMember('m1', metadataOf(encodeMember(told, [3, 5])))).toEqual({ ...told, memberId: 'm1', owned: [3, 5] });
});

test('a member that tells nothing or garbage takes part as one that owns nothing', () => {
  const nobody = { memberId: 'm1', shardId: 'm1', epoch: 0, owned: [], state: 'active' };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(decodeMember('m1', metadataOf(Buffer.from(bytes)))).toEqual(nobody);
      decodeMember('m1', Buffer.from(bytes));
    }),
  );
  for (const json of ['', 'null', '[]', '"x"', '{"owned":"all","epoch":"9","shardId":7,"state":1}', '{"owned":[null,"1"]}']) {
    expect(decodeMember('m1', metadataOf(Buffer.from(json)))).toEqual(nobody);
  }
});
