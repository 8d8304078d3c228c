import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';

/** Logs 4 MB, which no pipe and no buffer here holds, says so, answers each message, and stops at SIGTERM. */
const script = `
  import { createLogger, droppedLogLines, runService } from '@carillon/runtime';
  const logger = createLogger({ level: 'info', pretty: false, name: 'child' });
  const service = {
    start: async () => {
      for (let i = 0; i < 4_000; i++) logger.info({ i, filler: 'x'.repeat(900) }, 'a line');
      process.on('message', () => process.send({ dropped: droppedLogLines() }));
      process.send('started');
    },
    stop: async () => process.disconnect(),
  };
  await runService(service, { logger, graceMs: 5_000 });`;

async function startChild() {
  const flags = ['--import', 'tsx', '--conditions', 'carillon-source', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, flags, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  const ask = async () => {
    child.send('how many?');
    const [answer] = await once(child, 'message');
    return answer;
  };
  return { child, ask };
}

test('[L7] a process whose output nobody reads goes on, counts what it drops, and stops when told to', async () => {
  const { child, ask } = await startChild();
  expect(await ask()).toEqual({ dropped: expect.any(Number) });
  expect((await ask()).dropped).toBeGreaterThan(1_000);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

test('[L7] whoever reads on is told of the gap, and of the end', async () => {
  const { child, ask } = await startChild();
  const { dropped } = await ask();
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  await expect.poll(() => output).toContain(`"dropped":${dropped},`);
  const exited = once(child, 'close');
  child.kill('SIGTERM');
  await exited;
  const lines = output.trimEnd().split('\n');
  expect(lines).toHaveLength(4_000 - dropped + 3);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ msg: 'stopped' });
});
