import { inviteMembers } from '../../members/add-members.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers, bodies } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function addMembersRoute({ writes, maxMembers }: RouteParts): Operation {
  return userOperation({
    id: 'addMembers',
    method: 'post',
    path: paths.members,
    tag: 'members',
    summary: 'Add members to a group',
    description: 'Who is a member already stays as they are.',
    body: bodies.addMembers,
    answers: { 200: { description: 'All that were asked for.', content: answers.addedMembers } },
    problems: ['forbidden', 'chat_full'],
    serve: async ({ caller, path, body, traceparent }) => {
      const command = { chatId: path.chatId(), userId: caller.userId, userIds: body.user_ids, maxMembers, traceparent };
      return { status: 200, body: await inviteMembers(writes, command) };
    },
  });
}
