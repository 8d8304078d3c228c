import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@carillon/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { runCli } from './cli.ts';

const silentPort = 'http://127.0.0.1:1';

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; printed: string }> {
  let printed = '';
  const print = (text: string) => {
    printed += text;
  };
  return { code: await runCli(args, { env, print, note: print, signal: new AbortController().signal }), printed };
}

test('[A3] --help of every command tells its flags; no command at all is told what there is', async () => {
  const { code, printed } = await run([]);
  expect([code, (await run(['--help'])).code]).toEqual([1, 0]);
  for (const name of ['doctor', 'status', 'drain', 'tail', 'publish']) {
    expect(printed).toContain(`  ${name}`);
    const help = await run([name, '--help']);
    expect(help).toMatchObject({ code: 0, printed: expect.stringMatching(new RegExp(`^carillon ${name} [\\s\\S]*--json`)) });
  }
});

test.each<[string, string, Record<string, string>?]>([
  ['stats', 'no command is called stats'],
  ['status --jsn', "Unknown option '--jsn'"],
  ['status', 'where are the admin ports?'],
  ['status --admin localhost:9090', 'localhost:9090 is not a URL that starts with http://'],
  ['status --cluster /does/not/exist', 'is no file that npm run cluster'],
  ['doctor', 'nothing is named to look at'],
  [`drain --admin ${silentPort}`, 'name one shard'],
  [`drain shard-0 --seconds soon --admin ${silentPort}`, '--seconds takes a whole number from 1 on, not soon'],
  [`drain shard-0 --admin ${silentPort}`, 'no shard here is called shard-0: none was found'],
  ['tail', 'name one user or chat'],
  ['tail bob', 'where is Kafka?'],
  ['tail bob --count 0', '--count takes a whole number from 1 on, not 0', { KAFKA_BROKERS: '127.0.0.1:1' }],
  ['publish hello', 'give a text, and --as who writes it'],
  ['publish hello --as alice --api example.com --to bob', 'example.com is not a URL'],
  [`publish hello --as alice --api ${silentPort} --to bob`, `the API at ${silentPort} does not answer`],
  [`publish hello --as alice --api ${silentPort}`, 'name either --chat or --to', { CARILLON_TOKEN: 'x' }],
])('[A3] «carillon %s» is refused in words', async (line, sentence, env = {}) => {
  await expect(run(line.split(' '), env)).rejects.toThrow(sentence);
});

test('[A3] secrets are read from files too; a variable that is wrong is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'url'), 'redis://127.0.0.1:1\n');
  const { code, printed } = await run(['doctor'], { REDIS_URL_FILE: join(folder, 'url') });
  expect([code, printed]).toEqual([1, expect.stringMatching(/Redis +FAULT[\s\S]*ECONNREFUSED/)]);
  await expect(run(['doctor', '--admin', silentPort], { KAFKA_PARTITIONS: 'many' })).rejects.toThrow(ConfigError);
  await expect(run(['status', '--admin', silentPort], { DATABASE_URL_FILE: join(folder, 'none') })).rejects.toThrow('DATABASE_URL_FILE');
});
