/** Calls `wake` when the network is back or the user looks at the page; answers how to stop. */
export type Environment = (wake: () => void) => () => void;

/** That of a page. Elsewhere nothing wakes. */
export const pageEnvironment: Environment = (wake) => {
  const { document } = globalThis;
  if (typeof document === 'undefined') return () => undefined;
  const onVisible = () => {
    if (document.visibilityState === 'visible') wake();
  };
  // Of two windows side by side both are visible: then only `focus` tells.
  for (const name of ['online', 'focus']) globalThis.addEventListener(name, wake);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    for (const name of ['online', 'focus']) globalThis.removeEventListener(name, wake);
    document.removeEventListener('visibilitychange', onVisible);
  };
};
