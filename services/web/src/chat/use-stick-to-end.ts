import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';

/** So near to the end counts as there. */
const slackPx = 24;

export type EndStick = {
  /** The newest message is in view. */
  readonly isAtEnd: boolean;
  readonly onScroll: () => void;
  readonly onResize: () => void;
  readonly scrollToEnd: () => void;
};

/**
 * Keeps the newest message in view while the user is there; who scrolls up is left alone until coming back.
 *
 * The place is set on the element, not by the list's `scrollToIndex`: that holds its aim until no row was measured for a while, and
 * takes back who scrolls up meanwhile, in a busy chat for ever.
 */
export function useStickToEnd(scroller: RefObject<HTMLElement | null>, count: number): EndStick {
  const [isAtEnd, setIsAtEnd] = useState(true);
  const isStuck = useRef(true);
  const lastTop = useRef(0);
  const goToEnd = useCallback(() => {
    const element = scroller.current;
    if (element === null || !isStuck.current) return;
    element.scrollTop = element.scrollHeight;
    // The browser tells of it a frame later, together with what the user does meanwhile.
    lastTop.current = element.scrollTop;
  }, [scroller]);
  const scrollToEnd = useCallback(() => {
    isStuck.current = true;
    setIsAtEnd(true);
    goToEnd();
  }, [goToEnd]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new row moves the end
  useLayoutEffect(goToEnd, [goToEnd, count]);
  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const { scrollTop, scrollHeight, clientHeight } = element;
    const isNear = scrollTop + clientHeight >= scrollHeight - slackPx;
    // Content that grows moves the end away, not the user: only going up leaves it.
    if (isNear) isStuck.current = true;
    else if (scrollTop < lastTop.current - 1) isStuck.current = false;
    lastTop.current = scrollTop;
    setIsAtEnd(isStuck.current);
  }, [scroller]);
  return { isAtEnd, onScroll, onResize: goToEnd, scrollToEnd };
}
