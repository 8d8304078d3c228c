import { pageQuerySchema } from '@carillon/protocol';
import { memberPage } from '../../members/read-members.ts';
import { nextLink } from '../next-link.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function listMembersRoute({ database }: RouteParts): Operation {
  return userOperation({
    id: 'listMembers',
    method: 'get',
    path: paths.members,
    tag: 'members',
    summary: 'The members of a chat',
    description: 'Over several pages the lowest `seq` is the watermark of the whole list.',
    query: pageQuerySchema,
    answers: { 200: { description: 'A page of members.', content: answers.memberPage, headers: ['Link'] } },
    problems: ['invalid_cursor'],
    serve: async ({ caller, path, query }) => {
      const chatId = path.chatId();
      const page = await memberPage(database, { chatId, userId: caller.userId }, query);
      return { status: 200, body: page, headers: nextLink(paths.members.replace('{chat_id}', chatId), query.limit, page.next_cursor) };
    },
  });
}
