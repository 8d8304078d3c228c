import { argv, stdout } from 'node:process';
import { fileStorage } from './file-storage.ts';

/** A process of its own that stores and replaces sends without end, and tells each one that is stored. Run by the test, which kills it. */
const storage = fileStorage({ directory: argv[2] ?? '' });
for (let n = 0; n < 100_000; n += 1) {
  const id = `send-${n % 50}`;
  const text = `${n} `.repeat(2_000);
  await storage.save('me', {
    id,
    chatId: 'c',
    createdAtMs: n,
    operation: { kind: 'send', content: { type: 'text', text } },
    state: { kind: 'queued' },
  });
  stdout.write(`${id} ${n}\n`);
}
