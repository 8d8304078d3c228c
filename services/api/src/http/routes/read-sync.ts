import { sinceQuerySchema } from '@carillon/protocol';
import { missedEvents } from '../../sync/read-sync.ts';
import { nextLink } from '../next-link.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function readSyncRoute(parts: RouteParts): Operation {
  return userOperation({
    id: 'readSync',
    method: 'get',
    path: paths.sync,
    tag: 'sync',
    summary: 'Everything missed since the cursor',
    description: 'All chats, those left or deleted too, up to their last event for you.',
    query: sinceQuerySchema,
    answers: { 200: { description: 'A page of missed events.', content: answers.syncPage, headers: ['Link'] } },
    problems: ['invalid_cursor'],
    serve: async ({ caller, query }) => {
      const page = await missedEvents(parts, caller.userId, query);
      return { status: 200, body: page, headers: nextLink(paths.sync, query.limit, page.has_more ? page.next_cursor : null) };
    },
  });
}
