import { eventsQuerySchema } from '@carillon/protocol';
import { eventPage } from '../../sync/read-events.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function listEventsRoute({ database }: RouteParts): Operation {
  return userOperation({
    id: 'listEvents',
    method: 'get',
    path: paths.events,
    tag: 'sync',
    summary: 'What happened in a chat after a `seq`',
    description: 'Complete up to its `seq`, whatever numbers it skips: those lie outside your memberships.',
    query: eventsQuerySchema,
    answers: { 200: { description: 'Events, ascending.', content: answers.eventPage } },
    problems: ['events_pruned'],
    serve: async ({ caller, path, query }) => ({
      status: 200,
      body: await eventPage(database, { chatId: path.chatId(), userId: caller.userId }, query),
    }),
  });
}
