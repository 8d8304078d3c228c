import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { useTestStore } from '../test-store.contract.ts';
import { addMembers } from './add-members.ts';
import { createDirect } from './create-direct.ts';
import { deleteChat } from './delete-chat.ts';
import { deleteMessage } from './delete-message.ts';
import { markRead } from './mark-read.ts';
import { removeMember } from './remove-member.ts';
import { updateChat } from './update-chat.ts';
import { updateMemberRole } from './update-member-role.ts';

const store = useTestStore();
const forbidden = { kind: 'forbidden' };
const create = (userId: string, otherId: string) => createDirect(store().db, { chatId: randomUUID(), userId, otherId });

describe('direct chats', () => {
  test('[H6] a pair has one direct chat, however many race, from either side', async () => {
    const racing = [...Array(20).keys()].map((n) => (n % 2 === 0 ? create('alice', 'bob') : create('bob', 'alice')));
    const outcomes = await Promise.all(racing);
    expect(new Set(outcomes.map((outcome) => outcome.chat.id)).size).toBe(1);
    expect(outcomes.filter((outcome) => outcome.kind === 'created')).toHaveLength(1);
    expect(await store().events(outcomes[0]?.chat.id ?? '')).toMatchObject([
      {
        event: 'chat.created',
        seq: 1,
        data: { chat: { kind: 'direct', title: null, member_count: 2 }, members: [{ role: 'member' }, { role: 'member' }] },
      },
    ]);
  });

  test('[H6] either side may delete it; then creating it again makes a new one', async () => {
    const first = await create('carol', 'dave');
    expect(await deleteChat(store().db, { chatId: first.chat.id, userId: 'dave' })).toEqual({ kind: 'ok' });
    const second = await create('carol', 'dave');
    expect(second.kind).toBe('created');
    expect(second.chat.id).not.toBe(first.chat.id);
  });

  test('[G4] it has no member routes, leaving included, and no patch; only the sender deletes a message', async () => {
    const { db } = store();
    const { chat } = await create('erin', 'frank');
    const as = { chatId: chat.id, userId: 'erin' };
    expect(await addMembers(db, { ...as, userIds: ['mallory'], maxMembers: 10 })).toEqual(forbidden);
    expect(await removeMember(db, { ...as, memberId: 'frank' })).toEqual(forbidden);
    expect(await removeMember(db, { ...as, memberId: 'erin' })).toEqual(forbidden);
    expect(await removeMember(db, { ...as, memberId: 'nobody' })).toEqual(forbidden);
    for (const memberId of ['frank', 'nobody']) expect(await updateMemberRole(db, { ...as, memberId, role: 'admin' })).toEqual(forbidden);
    expect(await updateChat(db, { ...as, title: 'No' })).toEqual(forbidden);
    const message = await store().send(chat.id, 'frank');
    expect(await deleteMessage(db, { ...as, messageId: message.id })).toEqual(forbidden);
    expect(await markRead(db, { ...as, messageNo: 1 })).toEqual({ kind: 'ok', readMessageNo: 1, moved: true, directPeerId: 'frank' });
  });
});
