import { pageQuerySchema } from '@carillon/protocol';
import { overview } from '../../chats/read-overview.ts';
import { nextLink } from '../next-link.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function listChatsRoute({ database }: RouteParts): Operation {
  return userOperation({
    id: 'listChats',
    method: 'get',
    path: paths.chats,
    tag: 'chats',
    summary: 'The overview: chats by newest activity',
    query: pageQuerySchema,
    answers: { 200: { description: 'A page of the overview.', content: answers.overviewPage, headers: ['Link'] } },
    problems: ['invalid_cursor'],
    serve: async ({ caller, query }) => {
      const page = await overview(database, caller.userId, query);
      return { status: 200, body: page, headers: nextLink(paths.chats, query.limit, page.next_cursor) };
    },
  });
}
