import { placeIn } from './place.ts';
import type { Snapshot, ViewRules } from './sync.ts';
import type { Event, Member, MemberPage } from './wire.ts';

/** A chat's members by user id. */
export type MemberList = readonly Member[];

/** The rules of a chat's member list: events add, change and remove. */
export function memberRules(userId: string): ViewRules<MemberList> {
  return { userId, apply: applyToMembers };
}

/**
 * Several pages are several moments: the list begins at the lowest `seq`, where every later event is applied once more, and is
 * shown from the highest on, where all of it is of one moment.
 */
export function memberSnapshot(pages: readonly MemberPage[]): Snapshot<MemberList> {
  const seqs = pages.map((page) => page.seq);
  return { view: pages.flatMap((page) => page.members), seq: Math.min(...seqs), visibleFrom: Math.max(...seqs) };
}

function applyToMembers(members: MemberList, { data }: Event): MemberList {
  if ('members' in data) return data.members.reduce(put, members);
  if ('member' in data) return put(members, data.member);
  return 'user_id' in data ? without(members, data.user_id) : members;
}

function put(members: MemberList, member: Member): MemberList {
  const at = placeOf(members, member.user_id);
  return members.toSpliced(at, members[at]?.user_id === member.user_id ? 1 : 0, member);
}

function without(members: MemberList, userId: string): MemberList {
  const at = placeOf(members, userId);
  return members[at]?.user_id === userId ? members.toSpliced(at, 1) : members;
}

/** Where the user is, or would be: user ids are visible ASCII, so that the order of strings is that of bytes. */
function placeOf(members: MemberList, userId: string): number {
  return placeIn(members, (member) => member.user_id < userId);
}
