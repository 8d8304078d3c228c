import { sinceQuerySchema } from '@carillon/protocol';
import { movedHeads } from '../../sync/read-heads.ts';
import { nextLink } from '../next-link.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function readHeadsRoute(parts: RouteParts): Operation {
  return userOperation({
    id: 'readHeads',
    method: 'get',
    path: paths.heads,
    tag: 'sync',
    summary: 'Which chats moved since the cursor',
    description: 'The cheap form of a sync: numbers only. A cursor of sync or heads.',
    query: sinceQuerySchema,
    answers: { 200: { description: 'A page of heads.', content: answers.headsPage, headers: ['Link'] } },
    problems: ['invalid_cursor'],
    serve: async ({ caller, query }) => {
      const page = await movedHeads(parts, caller.userId, query);
      return { status: 200, body: page, headers: nextLink(paths.heads, query.limit, page.has_more ? page.next_cursor : null) };
    },
  });
}
