import { endMembership } from '../../members/remove-member.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import type { RouteParts } from './route-parts.ts';

export function removeMemberRoute({ writes }: RouteParts): Operation {
  return userOperation({
    id: 'removeMember',
    method: 'delete',
    path: paths.member,
    tag: 'members',
    summary: 'Remove a member, or leave',
    answers: { 204: { description: 'Not a member any more.' } },
    problems: ['forbidden'],
    serve: async ({ caller, path, traceparent }) => {
      await endMembership(writes, { chatId: path.chatId(), userId: caller.userId, memberId: path.userId(), traceparent });
      return { status: 204 };
    },
  });
}
