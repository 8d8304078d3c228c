/** The chat that the banner's command writes to. */
export type Demo = { readonly chatId: string };

type SeedOptions = { readonly apiUrl: string; readonly tokenOf: (userId: string) => Promise<string>; readonly signal: AbortSignal };
/** `changed`: it was made before and is another one by now, renamed or deleted. */
type Made = { readonly kind: 'new' | 'known'; readonly id: string } | { readonly kind: 'changed' };

const groupTalk: readonly (readonly [userId: string, text: string])[] = [
  ['carol', 'Welcome to the bell ringers!'],
  ['bob', 'Practice is at seven, under the tower.'],
  ['alice', 'I will bring the new ropes.'],
];

/**
 * Users, a group and a direct chat to look at. Idempotent: client ids make a second start find what the first one made [H1]. What
 * people have left or deleted since stays so: only a new group is talked in.
 */
export async function seedDemo(options: SeedOptions): Promise<Demo> {
  const group = { kind: 'group', client_chat_id: 'demo-group', title: 'Bell ringers', member_ids: ['bob', 'carol'] };
  const made = await post(options, 'alice', '/chats', group);
  if (made.kind === 'new')
    for (const [index, [userId, text]] of groupTalk.entries()) await say(options, userId, made.id, { id: `demo-group-${index}`, text });
  const direct = await post(options, 'alice', '/chats', { kind: 'direct', member_ids: ['bob'] });
  if (direct.kind === 'changed') throw new Error('seeding the demo failed: alice and bob have no chat');
  await say(options, 'bob', direct.id, { id: 'demo-1', text: 'Hello Alice, this is Carillon.' });
  return { chatId: direct.id };
}

function say(options: SeedOptions, userId: string, chatId: string, { id, text }: { id: string; text: string }): Promise<Made> {
  return post(options, userId, `/chats/${chatId}/messages`, { client_message_id: id, type: 'text', text });
}

async function post(options: SeedOptions, userId: string, path: string, body: object): Promise<Made> {
  const headers = { authorization: `Bearer ${await options.tokenOf(userId)}`, 'content-type': 'application/json' };
  const answer = await fetch(`${options.apiUrl}/v1${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal: options.signal,
  });
  const result: unknown = await answer.json();
  if (answer.status === 409) return { kind: 'changed' };
  if (answer.ok && typeof result === 'object' && result !== null && 'id' in result)
    return { kind: answer.status === 201 ? 'new' : 'known', id: String(result.id) };
  throw new Error(`seeding the demo failed: POST ${path} answered ${answer.status}`);
}
