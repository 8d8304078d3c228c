import { useLayoutEffect, useRef } from 'react';

/** True in the rendering where rows came before the ones that were there: then the list keeps its place from its end. */
export function useIsPrepended(keys: { readonly first: string | undefined; readonly has: (key: string) => boolean }): boolean {
  const lastFirst = useRef<string>(undefined);
  const before = lastFirst.current;
  useLayoutEffect(() => {
    lastFirst.current = keys.first;
  });
  return before !== undefined && keys.first !== before && keys.has(before);
}
