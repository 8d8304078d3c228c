import { DevTokens, Tickets } from '@carillon/auth';
import {
  addedMembersSchema,
  chatSchema,
  devTokenSchema,
  eventPageSchema,
  headsPageSchema,
  memberPageSchema,
  memberSchema,
  messagePageSchema,
  messageSchema,
  overviewEntrySchema,
  overviewPageSchema,
  readPositionSchema,
  syncPageSchema,
  ticketSchema,
} from '@carillon/protocol';
import { systemClock } from '@carillon/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiFixture, secret } from './api.fixture.ts';

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.create();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

let lastUser = 0;
/** Users of their own for each test, so that no test sees another's chats. */
const users = (...names: string[]) => {
  lastUser += 1;
  return names.map((name) => `${name}-${lastUser}`) as [string, string, string, string];
};
const text = (clientMessageId: string, content: string) => ({ client_message_id: clientMessageId, type: 'text', text: content });

describe('chats', () => {
  test('a group is created with those who are named, once each', async () => {
    const [ann, bob, cy] = users('ann', 'bob', 'cy');
    const body = { kind: 'group', title: 'Ringers', avatar_url: 'https://files.example/a.png', member_ids: [bob, cy, bob, ann] };
    const reply = await api.call(ann, 'POST', '/v1/chats', body);
    const chat = chatSchema.parse(reply.body);
    expect(reply.status).toBe(201);
    expect(reply.headers.get('location')).toBe(`/v1/chats/${chat.id}`);
    expect(chat).toMatchObject({
      kind: 'group',
      title: 'Ringers',
      avatar_url: 'https://files.example/a.png',
      created_by: ann,
      member_count: 3,
      message_no: 0,
    });
  });

  test('[H1] the same client_chat_id finds the chat, with other content it is a conflict', async () => {
    const [ann, bob, cy] = users('ann', 'bob', 'cy');
    const body = { kind: 'group', client_chat_id: 'c-1', title: 'Ringers', member_ids: [bob, cy] };
    const first = await api.ok(chatSchema, 201, ann, 'POST', '/v1/chats', body);
    expect(await api.ok(chatSchema, 200, ann, 'POST', '/v1/chats', { ...body, member_ids: [cy, bob, ann] })).toEqual(first);
    expect(await api.problem(ann, 'POST', '/v1/chats', { ...body, title: 'Other' })).toMatchObject({
      status: 409,
      code: 'idempotency_conflict',
    });
    expect((await api.call(bob, 'POST', '/v1/chats', body)).status).toBe(201);
  });

  test('[H6] a direct chat exists once per pair, however many race', async () => {
    const [ann, bob] = users('ann', 'bob');
    const pair = (me: string, other: string) => api.call(me, 'POST', '/v1/chats', { kind: 'direct', member_ids: [other] });
    const replies = await Promise.all([pair(ann, bob), pair(bob, ann), pair(ann, bob), pair(bob, ann)]);
    expect(new Set(replies.map(({ body }) => chatSchema.parse(body).id)).size).toBe(1);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 201]);
    expect(replies.filter(({ headers }) => headers.has('location'))).toHaveLength(1);
  });

  test.each([
    ['with oneself', ['ME']],
    ['with two', ['bob', 'cy']],
    ['with nobody', []],
  ])('[H12] a direct chat %s is a fault', async (_, memberIds) => {
    const [ann] = users('ann');
    const body = { kind: 'direct', member_ids: memberIds.map((id) => (id === 'ME' ? ann : id)) };
    expect(await api.problem(ann, 'POST', '/v1/chats', body)).toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: '/member_ids' }],
    });
  });

  test('the overview pages by newest activity, with a Link, and one sync cursor', async () => {
    const [ann, bob] = users('ann', 'bob');
    const chats = [await api.group(ann, [bob]), await api.group(ann), await api.group(ann)];
    await api.send(bob, chats[0]?.id ?? '', 'newest');
    const first = await api.call(ann, 'GET', '/v1/chats?limit=2');
    const page = overviewPageSchema.parse(first.body);
    expect(page.chats.map(({ id }) => id)).toEqual([chats[0]?.id, chats[2]?.id]);
    expect(page.chats[0]).toMatchObject({ unread_count: 1, my_role: 'owner', last_message: { text: 'newest' } });
    const next = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await api.call(ann, 'GET', next);
    const rest = overviewPageSchema.parse(second.body);
    expect([rest.chats.map(({ id }) => id), rest.next_cursor, second.headers.get('link')]).toEqual([[chats[1]?.id], null, null]);
    expect(rest.sync_cursor).toBe(page.sync_cursor);
  });

  test('a chat is read, changed and deleted', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.group(ann, [bob]);
    expect(await api.ok(overviewEntrySchema, 200, bob, 'GET', `/v1/chats/${id.toUpperCase()}`)).toMatchObject({
      id,
      my_role: 'member',
      unread_count: 0,
    });
    const change = { title: 'New', avatar_url: 'https://files.example/x' };
    expect(await api.ok(chatSchema, 200, ann, 'PATCH', `/v1/chats/${id}`, change)).toMatchObject(change);
    expect(await api.ok(chatSchema, 200, ann, 'PATCH', `/v1/chats/${id}`, { avatar_url: null })).toMatchObject({
      title: 'New',
      avatar_url: null,
    });
    expect(await api.problem(bob, 'PATCH', `/v1/chats/${id}`, change)).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await api.problem(bob, 'DELETE', `/v1/chats/${id}`)).toMatchObject({ status: 403 });
    expect((await api.call(ann, 'DELETE', `/v1/chats/${id}`)).status).toBe(204);
    expect(await api.problem(ann, 'GET', `/v1/chats/${id}`)).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('[G4] a direct chat has no member routes but the list, and no patch', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.ok(chatSchema, 201, ann, 'POST', '/v1/chats', { kind: 'direct', member_ids: [bob] });
    expect((await api.problem(ann, 'PATCH', `/v1/chats/${id}`, { title: 'x' })).code).toBe('forbidden');
    expect((await api.problem(ann, 'POST', `/v1/chats/${id}/members`, { user_ids: ['cy'] })).code).toBe('forbidden');
    expect((await api.problem(ann, 'PATCH', `/v1/chats/${id}/members/${bob}`, { role: 'admin' })).code).toBe('forbidden');
    expect((await api.problem(ann, 'DELETE', `/v1/chats/${id}/members/${ann}`)).code).toBe('forbidden');
    const { members } = await api.ok(memberPageSchema, 200, ann, 'GET', `/v1/chats/${id}/members`);
    expect(members.map((member) => member.user_id)).toEqual([ann, bob]);
    expect((await api.call(bob, 'DELETE', `/v1/chats/${id}`)).status).toBe(204);
  });
});

describe('the fields of a chat', () => {
  const group = { kind: 'group', title: 'x', member_ids: [] };
  const direct = { kind: 'direct', member_ids: ['bob'] };

  test.each<[string, object, string[]]>([
    ['no title', { kind: 'group', member_ids: [] }, ['/title']],
    ['an empty title', { ...group, title: '' }, ['/title']],
    ['201 code points', { ...group, title: '🔔'.repeat(201) }, ['/title']],
    ['a title of null', { ...group, title: null }, ['/title']],
    ['a picture at a private address', { ...group, avatar_url: 'https://10.0.0.1/a.png' }, ['/avatar_url']],
    ['a picture that is empty', { ...group, avatar_url: '' }, ['/avatar_url']],
    ['no members field', { kind: 'group', title: 'x' }, ['/member_ids']],
    ['an unknown kind, and whatever else is wrong', { kind: 'channel', title: 7, zzz: 1 }, ['/kind', '/title', '/member_ids', '/zzz']],
    ['an unknown kind alone', { ...group, kind: null }, ['/kind']],
  ])('[H10] [H11] a group is refused with %s', async (_, body, pointers) => {
    const problem = await api.problem('ann', 'POST', '/v1/chats', body);
    expect([problem.code, problem.errors?.map(({ pointer }) => pointer)]).toEqual(['validation_failed', pointers]);
  });

  test('[S10] nobody can be added whom no URL can name', async () => {
    const problem = await api.problem('ann', 'POST', '/v1/chats', { ...group, member_ids: ['.', '..', '...'] });
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(['/member_ids/0', '/member_ids/1']);
  });

  test('[H11] 200 code points are a title, null is no picture, and a picture is stored as the URL parser writes it', async () => {
    const [ann] = users('ann');
    const title = '🔔'.repeat(200);
    const create = (avatar_url: string | null) => api.ok(chatSchema, 201, ann, 'POST', '/v1/chats', { ...group, title, avatar_url });
    expect(await create(null)).toMatchObject({ title, avatar_url: null });
    expect(await create('HTTPS://Files.Example:443/x/../a.png')).toMatchObject({ avatar_url: 'https://files.example/a.png' });
  });

  test('[H11] a text of null is none: the same message as without the field', async () => {
    const [ann] = users('ann');
    const { id } = await api.group(ann);
    const path = `/v1/chats/${id}/messages`;
    const content = { client_message_id: 'm', type: 'text', attachments: [{ type: 'image', file_url: 'https://files.example/1' }] };
    const sent = await api.ok(messageSchema, 201, ann, 'POST', path, { ...content, text: null });
    expect(await api.ok(messageSchema, 200, ann, 'POST', path, content)).toEqual(sent);
  });

  test('[H12] a direct chat takes no title, no picture and no client_chat_id', async () => {
    for (const [field, value] of Object.entries({ title: 'x', avatar_url: null, client_chat_id: 'c' })) {
      const problem = await api.problem('ann', 'POST', '/v1/chats', { ...direct, [field]: value });
      expect([problem.code, problem.errors?.map(({ pointer }) => pointer)]).toEqual(['validation_failed', [`/${field}`]]);
    }
  });

  test('[H12] a patch names at least one field', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.group(ann, [bob]);
    const message = await api.send(ann, id, 'x');
    for (const path of [`/v1/chats/${id}`, `/v1/chats/${id}/messages/${message.id}`, `/v1/chats/${id}/members/${bob}`])
      expect(await api.problem(ann, 'PATCH', path, {})).toMatchObject({ status: 400, code: 'validation_failed' });
  });
});

describe('members', () => {
  test('are listed, added, promoted and removed', async () => {
    const [ann, bob, cy, dan] = users('ann', 'bob', 'cy', 'dan');
    const { id } = await api.group(ann, [bob]);
    const added = await api.ok(addedMembersSchema, 200, ann, 'POST', `/v1/chats/${id}/members`, { user_ids: [cy, bob, cy, dan] });
    expect(added.members.map((member) => member.user_id).toSorted()).toEqual([bob, cy, dan].toSorted());
    expect(await api.ok(memberSchema, 200, ann, 'PATCH', `/v1/chats/${id}/members/${bob}`, { role: 'admin' })).toMatchObject({
      role: 'admin',
    });
    expect((await api.problem(cy, 'PATCH', `/v1/chats/${id}/members/${bob}`, { role: 'member' })).code).toBe('forbidden');
    expect((await api.problem(ann, 'PATCH', `/v1/chats/${id}/members/nobody`, { role: 'member' })).code).toBe('not_found');
    expect((await api.call(bob, 'DELETE', `/v1/chats/${id}/members/${cy}`)).status).toBe(204);
    expect((await api.problem(bob, 'DELETE', `/v1/chats/${id}/members/${ann}`)).code).toBe('forbidden');
    expect((await api.call(dan, 'DELETE', `/v1/chats/${id}/members/${dan}`)).status).toBe(204);
    const page = await api.call(ann, 'GET', `/v1/chats/${id}/members?limit=1`);
    const first = memberPageSchema.parse(page.body);
    const next = /^<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
    const second = await api.ok(memberPageSchema, 200, ann, 'GET', next);
    expect([...first.members, ...second.members].map((member) => member.user_id).toSorted()).toEqual([ann, bob].toSorted());
    expect(second.next_cursor).toBeNull();
  });

  test('giving away the group makes the giver an admin', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.group(ann, [bob]);
    await api.ok(memberSchema, 200, ann, 'PATCH', `/v1/chats/${id}/members/${bob}`, { role: 'owner' });
    const { members } = await api.ok(memberPageSchema, 200, ann, 'GET', `/v1/chats/${id}/members`);
    expect(Object.fromEntries(members.map((member) => [member.user_id, member.role]))).toEqual({ [ann]: 'admin', [bob]: 'owner' });
  });

  test('[G6] a full chat is `chat_full`', async () => {
    await using small = await ApiFixture.create({ CHAT_MAX_MEMBERS: '3' });
    const { id } = await small.group('ann', ['bob', 'cy']);
    expect(await small.problem('ann', 'POST', `/v1/chats/${id}/members`, { user_ids: ['dan'] })).toMatchObject({
      status: 409,
      code: 'chat_full',
    });
    const body = { kind: 'group', title: 'x', member_ids: ['bob', 'cy', 'dan'] };
    expect((await small.problem('ann', 'POST', '/v1/chats', body)).code).toBe('chat_full');
  });
});

describe('messages', () => {
  test('[H1] a retry answers the same message, other content is a conflict, one row exists', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.group(ann, [bob]);
    const path = `/v1/chats/${id}/messages`;
    const first = await api.ok(messageSchema, 201, ann, 'POST', path, text('m1', 'hello'));
    expect(first).toMatchObject({ chat_id: id, seq: 2, message_no: 1, sender_id: ann, text: 'hello', attachments: [], edited_at: null });
    expect(await api.ok(messageSchema, 200, ann, 'POST', path, text('m1', 'hello'))).toEqual(first);
    expect(await api.problem(ann, 'POST', path, text('m1', 'other'))).toMatchObject({ status: 409, code: 'idempotency_conflict' });
    expect((await api.call(bob, 'POST', path, text('m1', 'mine'))).status).toBe(201);
    const edited = await api.ok(messageSchema, 200, ann, 'PATCH', `${path}/${first.id}`, { text: 'edited' });
    expect(await api.ok(messageSchema, 200, ann, 'POST', path, text('m1', 'hello'))).toEqual(edited);
    expect((await api.ok(messagePageSchema, 200, ann, 'GET', path)).messages).toHaveLength(2);
  });

  test('[H1] twenty tries at once store one message', async () => {
    const [ann] = users('ann');
    const { id } = await api.group(ann);
    const replies = await Promise.all([...Array(20).keys()].map(() => api.call(ann, 'POST', `/v1/chats/${id}/messages`, text('m1', 'x'))));
    expect(replies.map(({ status }) => status).toSorted()).toEqual([...Array(19).fill(200), 201]);
    expect(new Set(replies.map(({ body }) => messageSchema.parse(body).id)).size).toBe(1);
  });

  test('every type is stored and read as it was sent', async () => {
    const [ann] = users('ann');
    const { id } = await api.group(ann);
    const file = (type: string) => ({
      type,
      file_url: `https://files.example/${type}`,
      name: 'ä🔔',
      size_bytes: 9007199254740991,
      mime_type: 'a/b',
      width: 1,
      height: 2,
      duration_ms: 3,
    });
    const contents = [
      { type: 'text', text: 'a\u2028b 🔔', attachments: [file('image'), file('video'), file('file')] },
      { type: 'voice', text: null, attachments: [file('voice')] },
      { type: 'circle_video', text: null, attachments: [file('circle_video')] },
      { type: 'sticker', text: null, attachments: [file('sticker')] },
    ];
    for (const [index, content] of contents.entries()) {
      const sent = await api.ok(messageSchema, 201, ann, 'POST', `/v1/chats/${id}/messages`, {
        client_message_id: `m${index}`,
        ...content,
      });
      expect(sent).toMatchObject(content);
      expect(await api.ok(messageSchema, 200, ann, 'GET', `/v1/chats/${id}/messages/${sent.id}`)).toEqual(sent);
    }
  });

  test('[H7] pages go before, after and around, and carry the watermark', async () => {
    const [ann] = users('ann');
    const { id } = await api.group(ann);
    for (let number = 1; number <= 5; number += 1) await api.send(ann, id, `${number}`);
    const read = async (query: string) => {
      const page = await api.ok(messagePageSchema, 200, ann, 'GET', `/v1/chats/${id}/messages?${query}`);
      expect(page.seq).toBe(6);
      return [page.messages.map((message) => message.text).join(''), page.has_more_before, page.has_more_after];
    };
    expect(await read('limit=2')).toEqual(['45', true, false]);
    expect(await read('before_seq=5&limit=2')).toEqual(['23', true, true]);
    expect(await read('after_seq=5&limit=2')).toEqual(['5', true, false]);
    expect(await read('around_seq=4&limit=3')).toEqual(['234', true, true]);
    expect(await read('after_seq=9007199254740991')).toEqual(['', true, false]);
  });

  test('an edit keeps the rules of a new message', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.group(ann, [bob]);
    const { id: messageId } = await api.send(bob, id, 'x');
    const path = `/v1/chats/${id}/messages/${messageId}`;
    const image = { type: 'image', file_url: 'https://files.example/1' };
    expect(await api.problem(bob, 'PATCH', path, { text: null })).toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: '/text' }],
    });
    expect(await api.problem(bob, 'PATCH', path, {})).toMatchObject({ code: 'validation_failed' });
    expect(await api.problem(bob, 'PATCH', path, { attachments: [{ ...image, type: 'voice' }] })).toMatchObject({
      errors: [{ pointer: '/attachments/0/type' }],
    });
    expect(await api.ok(messageSchema, 200, bob, 'PATCH', path, { attachments: [image] })).toMatchObject({
      text: 'x',
      attachments: [image],
    });
    expect(await api.ok(messageSchema, 200, bob, 'PATCH', path, { text: null })).toMatchObject({ text: null, attachments: [image] });
    expect((await api.problem(ann, 'PATCH', path, { text: 'not mine' })).code).toBe('forbidden');
    const voice = { client_message_id: 'v', type: 'voice', attachments: [{ ...image, type: 'voice' }] };
    const sent = await api.ok(messageSchema, 201, bob, 'POST', `/v1/chats/${id}/messages`, voice);
    expect(await api.problem(bob, 'PATCH', `/v1/chats/${id}/messages/${sent.id}`, { text: 'x' })).toMatchObject({
      errors: [{ pointer: '/text' }],
    });
  });

  test('[M10] a deleted message is a tombstone everywhere, and stays one', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.group(ann, [bob]);
    const { id: messageId } = await api.send(bob, id, 'very private');
    const path = `/v1/chats/${id}/messages/${messageId}`;
    const { id: other } = await api.send(ann, id, 'of the owner');
    expect((await api.problem(bob, 'DELETE', `/v1/chats/${id}/messages/${other}`)).code).toBe('forbidden');
    expect((await api.call(ann, 'DELETE', path)).status).toBe(204);
    const before = await api.rowCounts();
    expect((await api.call(bob, 'DELETE', path)).status).toBe(204);
    expect(await api.rowCounts()).toEqual(before);
    expect(await api.ok(messageSchema, 200, bob, 'GET', path)).toMatchObject({
      text: null,
      attachments: [],
      type: 'text',
      deleted_at: expect.any(String),
    });
    expect(await api.problem(bob, 'PATCH', path, { text: 'again' })).toMatchObject({ status: 409, code: 'message_deleted' });
    for (const where of ['messages', 'events', '']) {
      expect(JSON.stringify((await api.call(bob, 'GET', `/v1/chats/${id}/${where}`.replace(/\/$/, ''))).body)).not.toContain(
        'very private',
      );
    }
  });
});

describe('events and read positions', () => {
  test('events come in order, in pages, and tell how far they are complete', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.group(ann, [bob]);
    await api.send(ann, id, 'x');
    await api.call(ann, 'PATCH', `/v1/chats/${id}`, { title: 'New' });
    const all = await api.ok(eventPageSchema, 200, bob, 'GET', `/v1/chats/${id}/events`);
    expect(all.events.map(({ event, seq }) => [seq, event])).toEqual([
      [1, 'chat.created'],
      [2, 'message.created'],
      [3, 'chat.updated'],
    ]);
    expect(all).toMatchObject({ seq: 3, has_more: false });
    const page = await api.ok(eventPageSchema, 200, bob, 'GET', `/v1/chats/${id}/events?after_seq=1&limit=1`);
    expect(page).toMatchObject({ events: [{ seq: 2 }], seq: 2, has_more: true });
    expect(await api.ok(eventPageSchema, 200, bob, 'GET', `/v1/chats/${id}/events?after_seq=9007199254740991`)).toMatchObject({
      events: [],
    });
  });

  test('[H5] events older than the log are `events_pruned`', async () => {
    const [ann] = users('ann');
    const { id } = await api.group(ann);
    await api.send(ann, id, 'x');
    await api.database.query({ name: 'prune-test', text: 'DELETE FROM events WHERE chat_id = $1 AND seq = 1' }, [id]);
    expect(await api.problem(ann, 'GET', `/v1/chats/${id}/events?after_seq=0`)).toMatchObject({ status: 410, code: 'events_pruned' });
    expect((await api.call(ann, 'GET', `/v1/chats/${id}/events?after_seq=1`)).status).toBe(200);
  });

  test('[M8] the read position moves forward only, at most to the end', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.group(ann, [bob]);
    for (const content of ['1', '2', '3']) await api.send(ann, id, content);
    const mark = async (messageNo: number) =>
      (await api.ok(readPositionSchema, 200, bob, 'PUT', `/v1/chats/${id}/read`, { message_no: messageNo })).read_message_no;
    expect([await mark(2), await mark(1), await mark(9007199254740991)]).toEqual([2, 2, 3]);
    expect(await api.ok(overviewEntrySchema, 200, bob, 'GET', `/v1/chats/${id}`)).toMatchObject({ unread_count: 0, read_message_no: 3 });
  });

  test('sync and heads tell what was missed', async () => {
    const [ann, bob] = users('ann', 'bob');
    const { id } = await api.group(ann, [bob]);
    const { sync_cursor: cursor } = await api.ok(overviewPageSchema, 200, bob, 'GET', '/v1/chats');
    for (const content of ['1', '2', '3']) await api.send(ann, id, content);
    const seqs: number[] = [];
    let next = `/v1/sync?limit=2&cursor=${encodeURIComponent(cursor)}`;
    while (next !== '') {
      const reply = await api.call(bob, 'GET', next);
      const page = syncPageSchema.parse(reply.body);
      seqs.push(...page.events.map(({ seq }) => seq));
      expect(reply.headers.has('link')).toBe(page.has_more);
      next = /^<([^>]+)>/.exec(reply.headers.get('link') ?? '')?.[1] ?? '';
    }
    expect(seqs).toEqual([2, 3, 4]);
    const heads = await api.ok(headsPageSchema, 200, bob, 'GET', `/v1/heads?cursor=${encodeURIComponent(cursor)}`);
    expect(heads).toMatchObject({ heads: [{ chat_id: id, seq: 4, read_message_no: 0 }], has_more: false, too_long: false });
    const after = await api.ok(headsPageSchema, 200, bob, 'GET', `/v1/heads?cursor=${encodeURIComponent(heads.next_cursor)}`);
    expect(after.heads).toEqual([]);
  });

  test.each(['/v1/sync', '/v1/heads', '/v1/chats'])('a cursor that is none of ours is `invalid_cursor`: %s', async (path) => {
    const [ann] = users('ann');
    for (const cursor of ['x', '%00', '%ED%A0%80', '', 'e30', 'x'.repeat(9000), "';--", '[]', 'bnVsbA']) {
      const { status, body } = await api.call(ann, 'GET', `${path}?cursor=${cursor}`);
      expect([cursor.slice(0, 20), status, body]).toMatchObject([cursor.slice(0, 20), 400, { code: 'invalid_cursor' }]);
    }
  });

  test('sync and heads need a cursor', async () => {
    for (const path of ['/v1/sync', '/v1/heads']) {
      expect(await api.problem('ann', 'GET', path)).toMatchObject({ code: 'validation_failed', errors: [{ pointer: '/query/cursor' }] });
    }
  });
});

describe('tickets and tokens', () => {
  test('a ticket leads to the owner of the partition, or to another shard', async () => {
    expect(await api.problem('ann', 'POST', '/v1/tickets')).toMatchObject({ status: 503, code: 'unavailable' });
    const renew = (shardId: string, partitions: number[], epoch: number) =>
      api.presence.renewLease({ shardId, epoch, url: `ws://${shardId}.example`, state: 'active', connections: 0, partitions });
    await renew('shard-0', [0, 1, 2, 3, 4, 5, 6, 7], await api.presence.claimEpoch('shard-0'));
    await renew('shard-1', [], await api.presence.claimEpoch('shard-1'));
    await expect.poll(async () => (await api.call('ann', 'POST', '/v1/tickets')).status).toBe(201);
    const ticket = await api.ok(ticketSchema, 201, 'ann', 'POST', '/v1/tickets');
    expect(ticket).toMatchObject({ shard_id: 'shard-0', url: 'ws://shard-0.example' });
    expect(await api.ok(ticketSchema, 201, 'ann', 'POST', '/v1/tickets', { avoid_shard_id: 'shard-0' })).toMatchObject({
      shard_id: 'shard-1',
    });
    const identity = new Tickets(secret, systemClock).verify(ticket.ticket);
    expect(identity.userId).toBe('ann');
    expect(identity.expiresAtMs - Date.now()).toBeGreaterThan(3_500_000);
    expect(Math.abs(Date.parse(ticket.expires_at) - Date.now() - 60_000)).toBeLessThan(5_000);
    expect(await api.problem('ann', 'POST', '/v1/tickets', { shard_id: 'x' })).toMatchObject({ errors: [{ pointer: '/shard_id' }] });
    expect((await api.call('ann', 'POST', '/v1/tickets', '', { 'content-type': 'application/json' })).status).toBe(201);
  });

  test('[H16] a ticket ends with its token; a token inside its leeway buys none', async () => {
    await using own = await ApiFixture.create();
    const lease = { shardId: 'shard-0', epoch: await own.presence.claimEpoch('shard-0'), url: 'ws://shard-0.example', partitions: [] };
    await own.presence.renewLease({ ...lease, state: 'active', connections: 0 });
    const withToken = async (secondsLeft: number) => {
      const { token } = await new DevTokens({ secret }, systemClock).issue('ann', secondsLeft);
      return { authorization: `Bearer ${token}` };
    };
    const ticket = await own.ok(ticketSchema, 201, null, 'POST', '/v1/tickets', undefined, await withToken(20));
    expect(Date.parse(ticket.expires_at) - Date.now()).toBeLessThanOrEqual(20_000);
    const leeway = await withToken(-10);
    expect((await own.call(null, 'GET', '/v1/chats', undefined, leeway)).status).toBe(200);
    expect(await own.problem(null, 'POST', '/v1/tickets', undefined, leeway)).toMatchObject({ status: 401, code: 'token_expired' });
  });

  test('a development token works, for a day where nothing else is asked', async () => {
    const { token, expires_at } = await api.ok(devTokenSchema, 201, null, 'POST', '/v1/dev/tokens', { user_id: 'zoe' });
    expect(Math.abs(Date.parse(expires_at) - Date.now() - 86_400_000)).toBeLessThan(10_000);
    expect((await api.call(null, 'GET', '/v1/chats', undefined, { authorization: `Bearer ${token}` })).status).toBe(200);
    const faults = await api.problem(null, 'POST', '/v1/dev/tokens', { user_id: 'a b', ttl_seconds: 0 });
    expect(faults.errors?.map(({ pointer }) => pointer)).toEqual(['/user_id', '/ttl_seconds']);
  });

  test('without DEV_TOKENS there is no such route', async () => {
    await using plain = await ApiFixture.create({});
    for (const method of ['POST', 'GET', 'DELETE'])
      expect(await plain.problem(null, method, '/v1/dev/tokens', method === 'GET' ? undefined : {})).toMatchObject({
        status: 404,
        code: 'not_found',
      });
  });
});

test('[H13] a send is refused above the rate, and the headers tell', async () => {
  await using limited = await ApiFixture.create({ SEND_RATE: '2' });
  const { id } = await limited.group('ann', ['bob']);
  const send = () => limited.call('ann', 'POST', `/v1/chats/${id}/messages`, text(crypto.randomUUID(), 'x'));
  const first = await send();
  expect([first.headers.get('ratelimit-policy'), first.headers.get('ratelimit')]).toEqual(['"send";q=2;w=10', '"send";r=1;t=10']);
  await send();
  const refused = await send();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^([1-9]|10)$/)]);
  expect([refused.headers.get('ratelimit-policy'), refused.headers.get('ratelimit')]).toEqual([
    '"send";q=2;w=10',
    `"send";r=0;t=${refused.headers.get('retry-after')}`,
  ]);
  expect(refused.body).toMatchObject({ code: 'rate_limited' });
  expect((await limited.call('bob', 'POST', `/v1/chats/${id}/messages`, text('b', 'x'))).status).toBe(201);
});

test('[H13] retries count, faulty requests do not', async () => {
  await using limited = await ApiFixture.create({ SEND_RATE: '2' });
  const { id } = await limited.group('ann');
  const path = `/v1/chats/${id}/messages`;
  const statusOf = async (body: unknown, headers: Record<string, string> = {}) =>
    (await limited.call('ann', 'POST', path, body, headers)).status;
  expect(await statusOf({ type: 'text', text: 'x' })).toBe(400);
  expect(await statusOf('{')).toBe(400);
  expect(await statusOf('x', { 'content-type': 'text/plain' })).toBe(415);
  expect(await statusOf('x'.repeat(70_000))).toBe(413);
  expect([await statusOf(text('m', 'x')), await statusOf(text('m', 'x')), await statusOf(text('m', 'x'))]).toEqual([201, 200, 429]);
});

test('while Postgres is away every route is `unavailable` with Retry-After, and readiness says so', async () => {
  await using away = await ApiFixture.create({ DATABASE_URL: 'postgres://127.0.0.1:1/none', DEV_TOKENS: 'true' });
  const chat = '/v1/chats/018f3f70-0000-7000-8000-000000000001';
  for (const [method, path, body] of [
    ['GET', '/v1/chats', undefined],
    ['POST', `${chat}/messages`, text('m', 'x')],
    ['PUT', `${chat}/read`, { message_no: 1 }],
  ] as const) {
    const reply = await away.call('ann', method, path, body);
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect(reply.body).toMatchObject({ code: 'unavailable' });
  }
  expect(await away.api.health.dependencies()).toMatchObject([
    { name: 'postgres', up: false, required: true },
    { required: false },
    { required: false },
  ]);
});
