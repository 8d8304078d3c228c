import { InProcessInboxes } from './in-process-inbox.ts';
import { inboxContract } from './inbox.contract.ts';

inboxContract('in process', async () => {
  const inboxes = new InProcessInboxes();
  return { open: (token) => inboxes.open(token), [Symbol.asyncDispose]: () => Promise.resolve() };
});
