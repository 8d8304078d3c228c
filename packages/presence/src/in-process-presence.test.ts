import { systemClock } from '@carillon/runtime';
import { InProcessPresence } from './in-process-presence.ts';
import { presenceContract } from './presence.contract.ts';

presenceContract('in process', async () => {
  let passedMs = 0;
  const presence = new InProcessPresence({ ...systemClock, nowMs: () => Date.now() + passedMs });
  return {
    presence,
    passMs: async (ms) => {
      passedMs += ms;
    },
    flush: async () => presence.clear(),
    [Symbol.asyncDispose]: () => presence[Symbol.asyncDispose](),
  };
});
