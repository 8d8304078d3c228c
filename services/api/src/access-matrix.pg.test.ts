import { chatSchema } from '@carillon/protocol';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiFixture } from './api.fixture.ts';
import { documentedOperations } from './http/documented-operations.fixture.ts';
import { openapiDocument } from './http/openapi-document.ts';

const actors = ['anonymous', 'outsider', 'ex-member', 'member', 'admin', 'owner'] as const;
const ids = ['own', 'foreign', 'missing', 'malformed'] as const;

type Actor = (typeof actors)[number];
type Id = (typeof ids)[number];
type Row = {
  readonly body?: object;
  readonly member: number;
  readonly admin: number;
  readonly owner: number;
  readonly outsider?: number;
  readonly anonymous?: number;
};

const all = (status: number, body?: object): Row => ({
  ...(body === undefined ? {} : { body }),
  member: status,
  admin: status,
  owner: status,
});
const leaders = (status: number, body?: object): Row => ({ ...all(status, body), member: 403 });
const owners = (status: number, body?: object): Row => ({ ...all(403, body), owner: status });
/** Without a chat in the path, every user may. */
const anyone = (status: number, body?: object): Row => ({ ...all(status, body), outsider: status });

/** What each role gets where the ids are of its own chat. The message is the member's; the user in the path is another member. */
const rows: Record<string, Row> = {
  createChat: anyone(201, { kind: 'group', title: 'x', member_ids: [] }),
  listChats: anyone(200),
  readChat: all(200),
  updateChat: leaders(200, { title: 'x' }),
  deleteChat: owners(204),
  listMembers: all(200),
  addMembers: leaders(200, { user_ids: ['newcomer'] }),
  updateMember: owners(200, { role: 'admin' }),
  removeMember: leaders(204),
  sendMessage: all(201, { client_message_id: 'matrix', type: 'text', text: 'x' }),
  listMessages: all(200),
  readMessage: all(200),
  editMessage: { ...all(403, { text: 'y' }), member: 200 },
  deleteMessage: all(204),
  listEvents: all(200),
  markRead: all(200, { message_no: 1 }),
  readSync: anyone(400),
  readHeads: anyone(400),
  createTicket: anyone(503),
  createDevToken: { ...anyone(400, {}), anonymous: 400 },
};

const operations = Object.entries(openapiDocument(documentedOperations()).paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, id: String(operation['operationId']) })),
);

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.create();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

type Scene = { readonly chatId: string; readonly messageId: string; readonly foreignChatId: string; readonly foreignMessageId: string };

/** A chat with everyone in their role, and one of which none of them knows. */
async function setScene(): Promise<Scene> {
  const { id: chatId } = await api.group('owner', ['admin', 'member', 'ex-member', 'other']);
  await api.call('owner', 'PATCH', `/v1/chats/${chatId}/members/admin`, { role: 'admin' });
  const { id: messageId } = await api.send('member', chatId, 'x');
  await api.call('owner', 'DELETE', `/v1/chats/${chatId}/members/ex-member`);
  const { id: foreignChatId } = await api.group('stranger', ['other']);
  const { id: foreignMessageId } = await api.send('stranger', foreignChatId, 'x');
  return { chatId, messageId, foreignChatId, foreignMessageId };
}

function pathOf(pattern: string, id: Id, scene: Scene): string {
  const chatIds = { own: scene.chatId, foreign: scene.foreignChatId, missing: uuid(), malformed: 'x' };
  const messageIds = { own: scene.messageId, foreign: scene.foreignMessageId, missing: uuid(), malformed: '7' };
  const userIds = { own: 'other', foreign: 'other', missing: 'nobody', malformed: '%00' };
  return fill(pattern, { chat_id: chatIds[id], message_id: messageIds[id], user_id: userIds[id] });
}

function fill(pattern: string, values: Readonly<Record<string, string>>): string {
  return pattern.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) => values[name] ?? '');
}

function expectedStatus(row: Row, actor: Actor, id: Id, hasChat: boolean): number {
  if (actor === 'anonymous') return row.anonymous ?? 401;
  if (!hasChat) return row[actor === 'ex-member' ? 'outsider' : actor] ?? 404;
  return id !== 'own' || actor === 'outsider' || actor === 'ex-member' ? 404 : row[actor];
}

test('[S7] every operation has its row, and every row its operation', () => {
  expect(operations.map(({ id }) => id).toSorted()).toEqual(Object.keys(rows).toSorted());
});

describe.each(operations)('$id', ({ method, path, id: operationId }) => {
  const row = rows[operationId];
  if (row === undefined) return;
  const hasChat = path.includes('{chat_id}');
  const cells = actors.flatMap((actor) =>
    (hasChat ? ids : (['own'] as const)).map((id) => ({ actor, id, status: expectedStatus(row, actor, id, hasChat) })),
  );

  test.each(cells)('[S7] $actor, $id id: $status', async ({ actor, id, status }) => {
    const scene = await setScene();
    const before = await api.rowCounts();
    const reply = await api.call(actor === 'anonymous' ? null : actor, method, pathOf(path, id, scene), row.body);
    expect([reply.status, reply.body]).toEqual([status, status === 204 ? undefined : expect.anything()]);
    if (status >= 400) expect(await api.rowCounts()).toEqual(before);
  });

  if (path.includes('{message_id}'))
    test("[S7] a message is found under its own chat's id only", async () => {
      const scene = await setScene();
      for (const [chatId, messageId] of [
        [scene.chatId, scene.foreignMessageId],
        [scene.foreignChatId, scene.messageId],
        [scene.chatId, 'x'],
      ]) {
        const reply = await api.call('owner', method, fill(path, { chat_id: chatId ?? '', message_id: messageId ?? '' }), row.body);
        expect(reply.status).toBe(404);
      }
    });

  if (hasChat)
    test('[H2] outsider and ex-member see exactly what is seen of a chat that does not exist', async () => {
      const scene = await setScene();
      const seen = async (actor: string, id: Id) => {
        const { status, headers, body } = await api.call(actor, method, pathOf(path, id, scene), row.body, { 'x-request-id': 'same' });
        return { status, headers: [...headers], body };
      };
      const missing = await seen('outsider', 'missing');
      for (const actor of ['outsider', 'ex-member']) {
        for (const id of ids) expect(await seen(actor, id)).toEqual(missing);
      }
      await api.call('owner', 'DELETE', `/v1/chats/${scene.chatId}`);
      expect(await seen('owner', 'own')).toEqual(missing);
    });
});

test('[M5] who comes back sees what is inside their own memberships, not what was between', async () => {
  const { id } = await api.group('owner', ['guest']);
  const inside = await api.send('owner', id, 'inside');
  await api.call('owner', 'DELETE', `/v1/chats/${id}/members/guest`);
  const between = await api.send('owner', id, 'between');
  await api.call('owner', 'POST', `/v1/chats/${id}/members`, { user_ids: ['guest'] });
  const again = await api.send('owner', id, 'again');
  const read = async (message: string) => (await api.call('guest', 'GET', `/v1/chats/${id}/messages/${message}`)).status;
  expect([await read(inside.id), await read(between.id), await read(again.id)]).toEqual([200, 404, 200]);
  const texts = JSON.stringify([
    (await api.call('guest', 'GET', `/v1/chats/${id}/messages`)).body,
    (await api.call('guest', 'GET', `/v1/chats/${id}/events`)).body,
  ]);
  expect([texts.includes('inside'), texts.includes('between'), texts.includes('again')]).toEqual([true, false, true]);
  expect(chatSchema.parse((await api.call('guest', 'GET', `/v1/chats/${id}`)).body).id).toBe(id);
});
