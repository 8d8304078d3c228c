import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[D1] [H1] [L6] fault 23: Postgres crashes twice: sends say 503 at once and are retried, sockets stay, the relay locks again', async () => {
  await using run = await startFaultRun(inject, { apis: 2, shards: 2, own: ['postgres'] });
  const { postgres } = run.cluster;
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    const before = performance.now();
    await postgres.crash(signal);
    const refused = () =>
      run.writer.writes.flatMap((write) => write.attempts.filter(({ status, atMs }) => status === 503 && atMs > before));
    await run.until(() => refused().length > 20, 'sends refused with 503', 20_000);
    await postgres.restart();
    await run.answers(90);
  }
  await run.settle({ allPushed: true });
  // A 503 says that nothing can be said now. A send that hung until the client gave up would be another status.
  const statuses = new Set(run.writer.writes.flatMap((write) => write.attempts.map(({ status }) => status)));
  expect([...statuses].filter((status) => ![200, 201, 503].includes(Number(status)))).toEqual([]);
  expect(run.readers.flatMap((reader) => reader.record.closes)).toEqual([]);
  expect(run.cluster.deaths).toEqual([]);
});
