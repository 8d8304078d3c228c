/** The chat that the banner's command writes to. */
export type Demo = { readonly chatId: string };

type SeedOptions = { readonly apiUrl: string; readonly tokenOf: (userId: string) => Promise<string>; readonly signal: AbortSignal };

/** Users, a group and a direct chat to look at. Idempotent: client ids make a second start find what the first one made [H1]. */
export async function seedDemo(options: SeedOptions): Promise<Demo> {
  const direct = await post(options, 'alice', '/chats', { kind: 'direct', member_ids: ['bob'] });
  await post(options, 'alice', '/chats', {
    kind: 'group',
    client_chat_id: 'demo-group',
    title: 'Bell ringers',
    member_ids: ['bob', 'carol'],
  });
  await post(options, 'bob', `/chats/${direct.id}/messages`, {
    client_message_id: 'demo-1',
    type: 'text',
    text: 'Hello Alice, this is Carillon.',
  });
  return { chatId: direct.id };
}

async function post(options: SeedOptions, userId: string, path: string, body: object): Promise<{ id: string }> {
  const headers = { authorization: `Bearer ${await options.tokenOf(userId)}`, 'content-type': 'application/json' };
  const answer = await fetch(`${options.apiUrl}/v1${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal: options.signal,
  });
  const result: unknown = await answer.json();
  if (answer.ok && typeof result === 'object' && result !== null && 'id' in result) return { id: String(result.id) };
  throw new Error(`seeding the demo failed: POST ${path} answered ${answer.status}`);
}
