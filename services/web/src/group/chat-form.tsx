import type { OverviewEntry } from '@carillon/client';
import { useChat } from '@carillon/client/react';
import { type FormEvent, useState } from 'react';
import { useAttempt } from '../ui/notices.tsx';

/** A group's title and picture, for those who may change them. */
export function ChatForm({ chat }: { readonly chat: OverviewEntry }) {
  const handle = useChat(chat.id);
  const attempt = useAttempt();
  const [title, setTitle] = useState(chat.title ?? '');
  const [avatarUrl, setAvatarUrl] = useState(chat.avatar_url ?? '');
  const isChanged = title.trim() !== chat.title || avatarUrl !== (chat.avatar_url ?? '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void attempt(() => handle.update({ title: title.trim(), avatar_url: avatarUrl === '' ? null : avatarUrl }));
  };
  return (
    <form className="details__form" onSubmit={submit}>
      <label className="dialog__label">
        Title
        <input className="field" required maxLength={128} value={title} onChange={(e) => setTitle(e.target.value)} />
      </label>
      <label className="dialog__label">
        Picture
        <input className="field" type="url" placeholder="https://…" value={avatarUrl} onChange={(e) => setAvatarUrl(e.target.value)} />
      </label>
      {isChanged && (
        <button type="submit" className="button button--primary" disabled={title.trim() === ''}>
          Save
        </button>
      )}
    </form>
  );
}
