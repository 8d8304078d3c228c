import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';
import './notices.css';

type Notice = { readonly text: string; readonly number: number };

const shownMs = 6_000;
const NoticeContext = createContext<(text: string) => void>(() => undefined);

/** Tells the user in one sentence what did not work. */
export function useNotice(): (text: string) => void {
  return useContext(NoticeContext);
}

/** Runs what a user asked for; what goes wrong is told. Answers whether it went well. */
export function useAttempt(): (work: () => Promise<unknown>) => Promise<boolean> {
  const notify = useNotice();
  return useCallback(
    async (work) => {
      try {
        await work();
        return true;
      } catch (error) {
        notify(error instanceof Error ? error.message : String(error));
        return false;
      }
    },
    [notify],
  );
}

/** Shows one notice at a time, for six seconds. */
export function Notices({ children }: { readonly children: ReactNode }) {
  const [notice, setNotice] = useState<Notice>();
  const notify = useCallback((text: string) => setNotice((last) => ({ text, number: (last?.number ?? 0) + 1 })), []);
  useEffect(() => {
    if (notice === undefined) return;
    const timer = window.setTimeout(() => setNotice(undefined), shownMs);
    return () => window.clearTimeout(timer);
  }, [notice]);
  return (
    <NoticeContext.Provider value={notify}>
      {children}
      <div className="notices" role="alert">
        {notice !== undefined && <p className="notices__notice">{notice.text}</p>}
      </div>
    </NoticeContext.Provider>
  );
}
