import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { takeTicket } from './ticket-source.ts';

test('a listener asks not to be sent to the shard that it could not reach', async () => {
  const wishes: unknown[] = [];
  const api = createServer((request, response) => {
    void text(request).then((body) => {
      const isTicket = request.url === '/v1/tickets';
      if (isTicket) wishes.push(JSON.parse(body));
      const expires_at = '2026-01-01T00:00:00.000Z';
      const answer = isTicket ? { ticket: 't', url: 'ws://a', shard_id: 'a', expires_at } : { token: 'x', expires_at };
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const address = api.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  await takeTicket(url, 'alice');
  await takeTicket(url, 'alice', 'shard-1');
  expect(wishes).toEqual([{}, { avoid_shard_id: 'shard-1' }]);
  api.closeAllConnections();
  api.close();
});
