import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';

/** So near to the end counts as there. */
const slackPx = 24;

export type EndStick = {
  /** The newest message is in view. */
  readonly isAtEnd: boolean;
  readonly onScroll: (offset: number) => void;
  readonly onResize: () => void;
  readonly scrollToEnd: () => void;
};

/** Keeps the newest message in view while the user is there; who scrolls up is left alone until coming back. */
export function useStickToEnd(list: RefObject<VirtualizerHandle | null>, count: number): EndStick {
  const [isAtEnd, setIsAtEnd] = useState(true);
  const isStuck = useRef(true);
  const lastOffset = useRef(0);
  const scrollToEnd = useCallback(() => {
    isStuck.current = true;
    setIsAtEnd(true);
    list.current?.scrollToIndex(count - 1, { align: 'end' });
  }, [list, count]);
  useLayoutEffect(() => {
    if (isStuck.current && count > 0) list.current?.scrollToIndex(count - 1, { align: 'end' });
  }, [list, count]);
  const onScroll = useCallback(
    (offset: number) => {
      const handle = list.current;
      if (handle === null) return;
      const isNear = offset + handle.viewportSize >= handle.scrollSize - slackPx;
      // Content that grows moves the end away, not the user: only going up leaves it.
      if (isNear) isStuck.current = true;
      else if (offset < lastOffset.current - 1) isStuck.current = false;
      lastOffset.current = offset;
      setIsAtEnd(isStuck.current);
    },
    [list],
  );
  const onResize = useCallback(() => {
    if (isStuck.current && count > 0) list.current?.scrollToIndex(count - 1, { align: 'end' });
  }, [list, count]);
  return { isAtEnd, onScroll, onResize, scrollToEnd };
}
