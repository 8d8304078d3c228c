import { Api } from './api.ts';
import { type Group, groupsOf, readerName, senderName } from './audience.ts';
import { run, type ScenarioSettings } from './settings.ts';

export type Chat = { readonly id: string; readonly seq: number };

const maxMembers = 1_000;

/** Makes the chats of a run, or finds those that another generator of the same run has made. */
export function setupChats(settings: ScenarioSettings): Chat[] {
  return groupsOf(settings).map(setupChat);
}

function setupChat(group: Group): Chat {
  const api = new Api(senderName(group));
  const readers = Array.from({ length: group.audience }, (_, n) => readerName(group.firstReader + n));
  if (group.audience === 1) return create(api, { kind: 'direct', member_ids: readers });
  const body = { kind: 'group', client_chat_id: `load-${run}-${group.index}`, title: `Load ${group.audience}` };
  const chat = create(api, { ...body, member_ids: readers.slice(0, maxMembers) });
  for (let first = maxMembers; first < readers.length; first += maxMembers) {
    const answer = api.callNow('POST', `/v1/chats/${chat.id}/members`, 'members', { user_ids: readers.slice(first, first + maxMembers) });
    if (answer.status !== 200) throw new Error(`adding members answered ${answer.status}: ${answer.body}`);
  }
  const now = api.callNow('GET', `/v1/chats/${chat.id}`, 'chat');
  return { id: chat.id, seq: Number(now.json('seq')) };
}

function create(api: Api, body: object): Chat {
  const answer = api.callNow('POST', '/v1/chats', 'create_chat', body);
  if (answer.status !== 201 && answer.status !== 200)
    throw new Error(`creating a chat answered ${answer.status}: ${answer.error} ${answer.body}`);
  return { id: String(answer.json('id')), seq: Number(answer.json('seq')) };
}
