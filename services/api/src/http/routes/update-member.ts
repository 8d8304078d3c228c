import { changeRole } from '../../members/update-member.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers, bodies } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function updateMemberRoute({ writes }: RouteParts): Operation {
  return userOperation({
    id: 'updateMember',
    method: 'patch',
    path: paths.member,
    tag: 'members',
    summary: 'Give a member a role',
    description: 'For the owner of a group. Giving `owner` makes the giver an admin.',
    body: bodies.updateMember,
    answers: { 200: { description: 'The member as they are now.', content: answers.member } },
    problems: ['forbidden'],
    serve: async ({ caller, path, body, traceparent }) => {
      const command = { chatId: path.chatId(), userId: caller.userId, memberId: path.userId(), role: body.role, traceparent };
      return { status: 200, body: await changeRole(writes, command) };
    },
  });
}
