import { type RefObject, useLayoutEffect, useRef } from 'react';

type Keys = { readonly first: string | undefined; readonly has: (key: string) => boolean };

/**
 * True in the rendering where rows came before the ones that were there: then the list keeps its place from its end.
 *
 * The list moves to that place at once but believes to be at the old one until the browser tells of the scrolling, a frame later. A row
 * that is measured meanwhile (the day's heading goes from what was the first row) would make it go back there. So it is told now.
 */
export function useIsPrepended(keys: Keys, scroller: RefObject<HTMLElement | null>): boolean {
  const lastFirst = useRef<string>(undefined);
  const before = lastFirst.current;
  const isPrepended = before !== undefined && keys.first !== before && keys.has(before);
  useLayoutEffect(() => {
    lastFirst.current = keys.first;
    // After this commit, for the list renders at once, and before the browser measures.
    if (isPrepended) queueMicrotask(() => scroller.current?.dispatchEvent(new Event('scroll')));
  });
  return isPrepended;
}
