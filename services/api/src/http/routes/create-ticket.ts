import { createTicket } from '../../tickets/create-ticket.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers, bodies } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function createTicketRoute({ tickets }: RouteParts): Operation {
  return userOperation({
    id: 'createTicket',
    method: 'post',
    path: paths.tickets,
    tag: 'tickets',
    summary: 'Buy a ticket for a WebSocket',
    description: 'Good for 60 s, at the shard that `url` names and at any other. The body may be left out.',
    body: bodies.createTicket,
    isBodyOptional: true,
    answers: { 201: { description: 'The ticket and where to go with it.', content: answers.ticket } },
    problems: [],
    serve: async ({ caller, body }) => ({ status: 201, body: await createTicket(tickets, caller, body.avoid_shard_id) }),
  });
}
