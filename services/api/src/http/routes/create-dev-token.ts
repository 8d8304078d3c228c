import type { DevTokens } from '@carillon/auth';
import { createDevToken } from '../../tickets/create-dev-token.ts';
import { type Operation, publicOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers, bodies } from '../schemas.ts';

export function createDevTokenRoute(devTokens: DevTokens): Operation {
  return publicOperation({
    id: 'createDevToken',
    method: 'post',
    path: paths.devTokens,
    tag: 'development',
    summary: 'A token for any user, on development servers',
    body: bodies.createDevToken,
    answers: { 201: { description: 'The token.', content: answers.devToken } },
    problems: ['not_found'],
    serve: async ({ body }) => ({ status: 201, body: await createDevToken(devTokens, body) }),
  });
}
