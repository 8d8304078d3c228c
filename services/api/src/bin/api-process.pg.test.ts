import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@carillon/runtime';
import { migrate } from '@carillon/store';
import { createTestDatabase, freePorts } from '@carillon/testkit';
import { expect, inject, onTestFinished, test } from 'vitest';

const secret = 'a secret of the tests, 32 bytes or more';

/** The program as its own process, with this environment and nothing else. */
function run(program: 'api' | 'migrate', env: Record<string, string>, ...args: string[]) {
  const path = fileURLToPath(new URL(`./${program}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=carillon-source', '--import', 'tsx', path, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => child.once('close', (code) => resolve({ code, output })));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, ended, output: () => output };
}

test('[L4] a wrong configuration names every variable and exits with 78, before anything listens', async () => {
  const { code, output } = await run('api', { API_PORT: 'x', TICKET_SECRET: 'hunter2', DEV_TOKENS: 'true', AUTH_JWT_SECRET: secret }).ended;
  expect(code).toBe(78);
  for (const variable of ['DATABASE_URL', 'KAFKA_BROKERS', 'REDIS_URL', 'API_PORT', 'TICKET_SECRET', 'DEV_TOKENS'])
    expect(output).toContain(`${variable}: `);
  expect(output).not.toContain('hunter2');
  expect(output).not.toContain('    at ');
});

test('--help lists the variables, --version the version, anything else is a mistake', async () => {
  const help = await run('api', {}, '--help').ended;
  expect([help.code, help.output]).toEqual([0, expect.stringMatching(/SEND_RATE .*0 = no limit\. Default: 50\./)]);
  const version = await run('migrate', {}, '--version').ended;
  expect([version.code, version.output]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/)]);
  expect((await run('migrate', {}, '--drop')).child.pid).toBeDefined();
  expect((await run('migrate', {}, '--drop').ended).code).toBe(64);
});

test('[L6] [D2] without Kafka and Redis a process is ready and sends are stored; SIGTERM ends it with 0', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'), (url) => migrate({ url, logger: silentLogger }));
  const [apiPort = 0, adminPort = 0, deadPort = 0] = await freePorts(3);
  const api = run('api', {
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    KAFKA_BROKERS: `127.0.0.1:${deadPort}`,
    REDIS_URL: `redis://127.0.0.1:${deadPort}`,
    AUTH_JWT_SECRET: secret,
    TICKET_SECRET: secret,
    DEV_TOKENS: 'true',
    API_PORT: `${apiPort}`,
    ADMIN_PORT: `${adminPort}`,
  });
  const status = (url: string) =>
    fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
  await expect.poll(() => status(`http://127.0.0.1:${adminPort}/readyz`)).toBe(200);
  const post = async (path: string, body: object, token = '') => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const answer = await fetch(`http://127.0.0.1:${apiPort}/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as { token: string; id: string; code: string } };
  };
  const { token } = (await post('/dev/tokens', { user_id: 'ann' })).body;
  const chat = await post('/chats', { kind: 'group', title: 'x', member_ids: [] }, token);
  const message = await post(`/chats/${chat.body.id}/messages`, { client_message_id: 'm', type: 'text', text: 'private words' }, token);
  expect([chat.status, message.status]).toEqual([201, 201]);
  expect(await post('/tickets', {}, token)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  const verbose = await (await fetch(`http://127.0.0.1:${adminPort}/readyz?verbose`)).json();
  expect(verbose).toMatchObject({
    ready: true,
    dependencies: [
      { name: 'postgres', up: true },
      { name: 'kafka', up: false },
      { name: 'redis', up: false },
    ],
  });
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  expect(metrics).toContain('carillon_http_request_seconds_count{route="/v1/chats/{chat_id}/messages",method="POST",status="201"} 1');
  api.child.kill('SIGTERM');
  const { code, output } = await api.ended;
  expect(code, output).toBe(0);
  for (const private_ of ['private words', token]) expect(output).not.toContain(private_);
});

test('a port that is taken is told, and nothing is left', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'), (url) => migrate({ url, logger: silentLogger }));
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const env = { NODE_ENV: 'test', DATABASE_URL: database.url, KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' };
  const { code, output } = await run('api', {
    ...env,
    AUTH_JWT_SECRET: secret,
    TICKET_SECRET: secret,
    API_PORT: `${port}`,
    ADMIN_PORT: '0',
  }).ended;
  expect([code, output]).toEqual([1, expect.stringContaining('EADDRINUSE')]);
  taken.close();
});
