import { useClient } from '@carillon/client/react';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../ui/dialog.tsx';
import { useAttempt } from '../ui/notices.tsx';
import { userIdsIn } from './user-ids.ts';

type Props = { readonly onOpen: (chatId: string) => void; readonly onClose: () => void };

/** One name starts a direct chat; a title makes it a group. */
export function NewChatDialog({ onOpen, onClose }: Props) {
  const client = useClient();
  const attempt = useAttempt();
  const [names, setNames] = useState('');
  const [title, setTitle] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  // The same group however often it is tried.
  const [clientChatId] = useState(() => crypto.randomUUID());
  const { userIds, wrong } = userIdsIn(names);
  const isDirect = title.trim() === '';
  const isReady = wrong.length === 0 && (isDirect ? userIds.length === 1 : true);
  const submit = async () => {
    setIsBusy(true);
    const isDone = await attempt(async () => {
      const [first = ''] = userIds;
      const group = { title: title.trim(), member_ids: userIds, client_chat_id: clientChatId };
      const chat = isDirect ? await client.createDirect(first) : await client.createGroup(group);
      onOpen(chat.id);
    });
    if (isDone) onClose();
    else setIsBusy(false);
  };
  return (
    <Dialog title="New chat" onClose={onClose}>
      <form
        className="dialog__form"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label className="dialog__label">
          With
          <input
            className="field"
            placeholder="bob, carol"
            autoCapitalize="none"
            spellCheck={false}
            value={names}
            onChange={(e) => setNames(e.target.value)}
          />
        </label>
        <label className="dialog__label">
          Title of the group
          <input
            className="field"
            placeholder="none: a direct chat"
            maxLength={128}
            value={title}
            onChange={(e) => setTitle(e.target.value)}
          />
        </label>
        <p className="dialog__hint">{hint(isDirect, userIds.length, wrong)}</p>
        <div className="dialog__actions">
          <button type="submit" className="button button--primary" disabled={!isReady || isBusy}>
            {isDirect ? 'Start the chat' : 'Create the group'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function hint(isDirect: boolean, count: number, wrong: readonly string[]): string {
  if (wrong.length > 0) return `Not a name: ${wrong.join(', ')}`;
  return isDirect && count > 1 ? 'More than one: give the group a title' : 'Names separated by commas';
}
