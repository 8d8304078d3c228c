import { useChat } from '@carillon/client/react';
import { type FormEvent, useState } from 'react';
import { useAttempt } from '../ui/notices.tsx';
import { userIdsIn } from './user-ids.ts';

/** Adds users to a group by their names. */
export function AddMembers({ chatId }: { readonly chatId: string }) {
  const handle = useChat(chatId);
  const attempt = useAttempt();
  const [names, setNames] = useState('');
  const { userIds, wrong } = userIdsIn(names);
  const submit = async () => {
    if (await attempt(() => handle.addMembers(userIds))) setNames('');
  };
  return (
    <form
      className="details__row"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      <input
        className="field"
        aria-label="Names to add"
        aria-invalid={wrong.length > 0}
        placeholder="Add by name"
        autoCapitalize="none"
        spellCheck={false}
        value={names}
        onChange={(e) => setNames(e.target.value)}
      />
      <button type="submit" className="button" disabled={userIds.length === 0 || wrong.length > 0}>
        Add
      </button>
    </form>
  );
}
