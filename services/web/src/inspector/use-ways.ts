import { useCallback, useRef } from 'react';
import { demoApi, type Way } from './demo-api.ts';
import type { Side } from './side.ts';
import { type Polled, usePolled } from './use-polled.ts';

const everyMs = 500;
const maxWays = 200;

/** The ways of the side's last events, by `chat_id seq`; a change of one comes within half a second. */
export function useWays({ userId }: Side): Polled<ReadonlyMap<string, Way>> {
  const known = useRef<{ next: number; ways: ReadonlyMap<string, Way> }>({ next: 0, ways: new Map() });
  const ask = useCallback(async () => {
    const { ways, next } = await demoApi.ways(userId, known.current.next);
    if (ways.length > 0) {
      const all = [...known.current.ways, ...ways.map((way) => [`${way.chat_id} ${way.seq}`, way] as const)];
      known.current = { next, ways: new Map(all.slice(-maxWays)) };
    }
    return known.current.ways;
  }, [userId]);
  return usePolled(ask, everyMs);
}
