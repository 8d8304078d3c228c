import type { Member, OverviewEntry, Role } from '@carillon/client';
import { useChat, useMembers } from '@carillon/client/react';
import { countText } from '../text/quantities.ts';
import { visibleText } from '../text/visible-text.ts';
import { Avatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { useAttempt } from '../ui/notices.tsx';
import './member-list-view.css';

type Props = { readonly chat: OverviewEntry; readonly userId: string };

const roles: readonly Role[] = ['owner', 'admin', 'member'];

/** Who is in a chat; the owner gives roles, admins and owner remove. */
export function MemberListView({ chat, userId }: Props) {
  const { members, isLoaded } = useMembers(chat.id);
  return (
    <section className="members" aria-label="Members">
      <h3 className="members__title">{isLoaded ? countText(members.length, 'member') : 'Members …'}</h3>
      <ul className="members__list">
        {members.map((member) => (
          <MemberRow key={member.user_id} member={member} chat={chat} userId={userId} />
        ))}
      </ul>
    </section>
  );
}

function MemberRow({ member, chat, userId }: Props & { readonly member: Member }) {
  const handle = useChat(chat.id);
  const attempt = useAttempt();
  const name = visibleText(member.user_id);
  const isMe = member.user_id === userId;
  const mayGiveRoles = chat.kind === 'group' && chat.my_role === 'owner' && !isMe;
  const mayRemove = !isMe && chat.kind === 'group' && (chat.my_role === 'owner' || (chat.my_role === 'admin' && member.role === 'member'));
  return (
    <li className="members__member">
      <Avatar name={member.user_id} size="small" />
      <span className="members__name">{isMe ? `${name} (you)` : name}</span>
      {mayGiveRoles ? (
        <select
          className="members__role"
          aria-label={`Role of ${name}`}
          value={member.role}
          onChange={(event) => {
            const role = roles.find((known) => known === event.target.value);
            if (role !== undefined) void attempt(() => handle.setRole(member.user_id, role));
          }}
        >
          {roles.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      ) : (
        member.role !== 'member' && <span className="members__badge">{member.role}</span>
      )}
      {mayRemove && (
        <IconButton icon="close" label={`Remove ${name}`} onClick={() => void attempt(() => handle.removeMember(member.user_id))} />
      )}
    </li>
  );
}
