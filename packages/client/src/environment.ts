/** Calls `wake` when the network is back or the user looks at the page; answers how to stop. */
export type Environment = (wake: () => void) => () => void;

/** That of a page. Elsewhere nothing wakes. */
export const pageEnvironment: Environment = (wake) => {
  const { document } = globalThis;
  if (typeof document === 'undefined') return () => undefined;
  const onVisible = () => {
    if (document.visibilityState === 'visible') wake();
  };
  globalThis.addEventListener('online', wake);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    globalThis.removeEventListener('online', wake);
    document.removeEventListener('visibilitychange', onVisible);
  };
};
