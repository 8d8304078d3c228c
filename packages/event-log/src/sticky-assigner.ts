import type { GroupMember } from './event-log.ts';

/** A member as the assignment sees it: who it is, and the partitions it says it has. */
export type AssignmentMember = GroupMember & {
  readonly memberId: string;
  /** Claims: wrong, doubled or foreign ones are harmless. */
  readonly owned: readonly number[];
};

type Place = { readonly member: AssignmentMember; readonly kept: number[] };

/**
 * Which member reads which partition. Total and disjoint over the members that take partitions, balanced within 1, moves as
 * few as possible, independent of the members' order. Of a double claim the highest epoch wins. A draining member gets none,
 * nor one that a later epoch of its shard has superseded; when nobody is left, nobody gets any.
 */
export function assignPartitions(members: readonly AssignmentMember[], partitionCount: number): Map<string, number[]> {
  const assignment = new Map<string, number[]>(members.map((member) => [member.memberId, []]));
  const takers = members.filter((member) => takesPartitions(member, members));
  if (takers.length === 0) return assignment;
  const places = placesByClaims(takers, partitionCount);
  const free = keepUpToQuota(places, partitionCount);
  fillUpToQuota(places, free, partitionCount);
  for (const { member, kept } of places) {
    assignment.set(
      member.memberId,
      kept.toSorted((a, b) => a - b),
    );
  }
  return assignment;
}

function takesPartitions(member: AssignmentMember, all: readonly AssignmentMember[]): boolean {
  const isSuperseded = all.some((other) => other.shardId === member.shardId && other.epoch > member.epoch);
  return member.state === 'active' && !isSuperseded;
}

/** Members with the partitions that they may keep, those with the most first: they get the larger quotas, so that fewer move. */
function placesByClaims(takers: readonly AssignmentMember[], partitionCount: number): Place[] {
  const byEpoch = takers.toSorted((a, b) => b.epoch - a.epoch || compareIds(a, b));
  const claimed = new Set<number>();
  const places = byEpoch.map((member) => ({ member, kept: claim(member.owned, claimed, partitionCount) }));
  return places.sort((a, b) => b.kept.length - a.kept.length || compareIds(a.member, b.member));
}

function claim(owned: readonly number[], claimed: Set<number>, partitionCount: number): number[] {
  const valid = owned.filter((partition) => Number.isInteger(partition) && partition >= 0 && partition < partitionCount);
  const own = [...new Set(valid)].filter((partition) => !claimed.has(partition)).sort((a, b) => a - b);
  for (const partition of own) claimed.add(partition);
  return own;
}

/** Cuts each member down to its quota; returns the partitions that nobody keeps, ascending. */
function keepUpToQuota(places: readonly Place[], partitionCount: number): number[] {
  for (const [rank, { kept }] of places.entries()) kept.length = Math.min(kept.length, quotaOf(rank, places.length, partitionCount));
  const taken = new Set(places.flatMap(({ kept }) => kept));
  return Array.from({ length: partitionCount }, (_, partition) => partition).filter((partition) => !taken.has(partition));
}

function fillUpToQuota(places: readonly Place[], free: readonly number[], partitionCount: number): void {
  let next = 0;
  for (const [rank, { kept }] of places.entries()) {
    const missing = quotaOf(rank, places.length, partitionCount) - kept.length;
    kept.push(...free.slice(next, next + missing));
    next += missing;
  }
}

/** The first members get the remainder. */
function quotaOf(rank: number, members: number, partitionCount: number): number {
  return Math.floor(partitionCount / members) + (rank < partitionCount % members ? 1 : 0);
}

function compareIds(a: AssignmentMember, b: AssignmentMember): number {
  const [x, y] = [`${a.shardId}\n${a.memberId}`, `${b.shardId}\n${b.memberId}`];
  return x < y ? -1 : x > y ? 1 : 0;
}
