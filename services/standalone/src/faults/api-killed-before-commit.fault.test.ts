import type { FaultRun } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[D1] [M1] fault 2: the API dies before a commit: nothing is stored, no number is burnt, the retry is the first', async () => {
  await using run = await startFaultRun(inject, { apis: 2, shards: 2, failpoints: { 'api-0': 'api.before_commit=kill@20' } });
  const [conversation] = run.conversations;
  const { chatId = '', memberIds: [author = ''] = [] } = conversation ?? {};
  const { message } = await run.writer.send(chatId, author, 'as written');
  const stored = () =>
    run.query<{ text: string }>(
      "SELECT data->'message'->>'text' AS text FROM events WHERE message_id = $1 AND event = 'message.updated' ORDER BY seq",
      [message?.id],
    );
  const edits: string[] = [];
  for (let n = 1; n <= 50; n += 1) {
    const text = `edit ${n}`;
    if (!(await edit(run, author, `/v1/chats/${chatId}/messages/${message?.id}`, text))) {
      // The statements had run, under the chat's lock; the commit had not.
      await run.until(() => run.cluster.deaths.length > 0, 'death of the API');
      expect((await stored()).map((row) => row.text)).toEqual(edits);
      expect(await edit(run, author, `/v1/chats/${chatId}/messages/${message?.id}`, text)).toBe(true);
    }
    edits.push(text);
  }
  expect(run.cluster.deaths).toEqual(['api-0: signal SIGKILL']);
  await run.settle({ allPushed: true });
  expect((await stored()).map((row) => row.text)).toEqual(edits);
});

/** False when nothing was answered. */
async function edit(run: FaultRun, userId: string, path: string, text: string): Promise<boolean> {
  const answer = await run.api.call(userId, 'PATCH', path, { text }).catch(() => undefined);
  if (answer !== undefined) expect(answer.status).toBe(200);
  return answer !== undefined;
}
