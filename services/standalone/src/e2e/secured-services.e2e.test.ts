import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ClusterProcess, createTestDatabase, freePorts, startKafka } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const programs = {
  api: 'services/api/dist/bin/api.js',
  shard: 'services/shard/dist/bin/shard.js',
  migrate: 'services/api/dist/bin/migrate.js',
  preflight: 'services/api/dist/bin/preflight.js',
  canary: 'services/canary/dist/bin/canary.js',
  cli: 'services/cli/dist/bin/carillon.js',
};
const password = 'a password of the test';

/** A key of its own authority for this machine: as keystore for servers, its certificate as PEM for clients. */
async function makeCertificate(folder: string): Promise<{ keystore: string; certificate: string }> {
  const keystore = join(folder, 'broker.p12');
  const store = ['-keystore', keystore, '-storetype', 'PKCS12', '-storepass', 'changeit', '-alias', 'broker'];
  const subject = ['-keyalg', 'EC', '-dname', 'CN=broker', '-ext', 'san=ip:127.0.0.1,dns:localhost', '-ext', 'bc:c', '-validity', '2'];
  await run('keytool', ['-genkeypair', ...store, ...subject]);
  const certificate = join(folder, 'ca.crt');
  await run('keytool', ['-exportcert', '-rfc', ...store, '-file', certificate]);
  return { keystore, certificate };
}

async function startSecuredKafka(keystore: string) {
  const [port = 0] = await freePorts(1);
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const server = await startKafka({
    edges: [{ name: 'SECURED', port, advertisedPort: port, protocol: 'SASL_SSL' }],
    settings: {
      'listener.name.secured.ssl.keystore.location': keystore,
      'listener.name.secured.ssl.keystore.password': 'changeit',
      'listener.name.secured.ssl.keystore.type': 'PKCS12',
      'listener.name.secured.sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.secured.plain.sasl.jaas.config': `${module} required user_carillon="${password}";`,
    },
  });
  return { brokers: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server.stop() };
}

/** A user of Redis with the rights that OPERATIONS.md gives it, and the URL that names them. */
async function restrictedUser(redisUrl: string): Promise<string> {
  const rights = /At Redis `([^`]+)`/.exec(readFileSync(`${root}docs/OPERATIONS.md`, 'utf8'))?.[1] ?? '';
  const url = new URL(redisUrl);
  const socket = connect(Number(url.port), url.hostname);
  socket.end(`ACL SETUSER restricted reset on >restricted ${rights}\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toBe('+OK\r\n');
  return `redis://restricted:restricted@${url.host}`;
}

/**
 * TLS before a server that has none, as managed ones have it. Clients of Postgres ask for it in the clear first, and are answered.
 * Returns the server's URL with this address.
 */
async function startTlsFront(keystore: string, server: string) {
  const url = new URL(server);
  const { hostname, port, protocol } = url;
  const open = new Set<Socket>();
  const kept = (socket: Socket) => {
    open.add(socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket)));
    return socket;
  };
  const secure = (socket: Socket) => {
    const secured = new TLSSocket(socket, { isServer: true, pfx: readFileSync(keystore), passphrase: 'changeit' });
    kept(secured)
      .pipe(kept(connect(Number(port), hostname)))
      .pipe(secured);
  };
  const front = createServer((socket) => {
    kept(socket);
    if (!protocol.startsWith('postgres')) return secure(socket);
    socket.once('data', () => {
      socket.write('S');
      secure(socket);
    });
  });
  await once(front.listen(0, '127.0.0.1'), 'listening');
  url.hostname = 'localhost';
  url.port = String((front.address() as AddressInfo).port);
  const dispose = async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => front.close(resolve));
  };
  return { url, [Symbol.asyncDispose]: dispose };
}

/** One command of the image, to its end. */
async function command(
  env: Record<string, string>,
  program: keyof typeof programs,
  ...args: string[]
): Promise<{ code: number; output: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [`${root}${programs[program]}`, ...args], { env });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

test('[S9] [L9] [K7] [A3] with TLS to Postgres, Kafka and Redis and a password, every secret in a file: preflight, migration, API and shard work, and a message arrives', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-secured-'));
  const inFile = (name: string, text: string) => {
    writeFileSync(join(folder, name), `${text}\n`);
    return join(folder, name);
  };
  try {
    const { keystore, certificate } = await makeCertificate(folder);
    await using kafka = await startSecuredKafka(keystore);
    await using database = await createTestDatabase(inject('postgresUrl'), async () => undefined);
    await using postgres = await startTlsFront(keystore, database.url);
    await using redis = await startTlsFront(keystore, await restrictedUser(inject('redisUrl')));
    const [apiPort = 0, apiAdmin = 0, shardPort = 0, shardAdmin = 0] = await freePorts(4);
    const secret = inFile('secret', 'a secret of the test, 32 bytes or more');
    const env = {
      NODE_EXTRA_CA_CERTS: certificate,
      HOST: '127.0.0.1',
      DATABASE_URL_FILE: inFile('url', `${postgres.url}?sslmode=verify-full`),
      REDIS_URL_FILE: inFile('redis', String(redis.url).replace('redis:', 'rediss:')),
      AUTH_JWT_SECRET_FILE: secret,
      TICKET_SECRET_FILE: secret,
      KAFKA_BROKERS: kafka.brokers,
      KAFKA_TOPIC: 'carillon.secured',
      KAFKA_TLS: 'true',
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_USERNAME: 'carillon',
      KAFKA_PASSWORD_FILE: inFile('password', password),
    };
    const refused = await command({ ...env, KAFKA_PASSWORD_FILE: inFile('wrong', 'another password') }, 'preflight');
    expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(/FAULT Kafka +no answer\n +.*[Aa]uthenticat/) });
    const strange = await command({ ...env, NODE_EXTRA_CA_CERTS: '' }, 'preflight');
    expect(strange.code).toBe(1);
    for (const name of ['Postgres', 'Kafka', 'Redis'])
      expect(strange.output).toMatch(new RegExp(`FAULT ${name} +no answer\\n +.*self-signed certificate`));
    expect(await command(env, 'preflight')).toMatchObject({ code: 0, output: expect.stringMatching(/ok +Kafka +1 brokers, no topic yet/) });
    expect(await command(env, 'migrate')).toMatchObject({ code: 0 });
    expect((await command(env, 'preflight')).output).toMatch(/ok +Kafka +1 brokers, 64 partitions, 1 copies/);

    const fits = /Postgres +ok [\s\S]*Kafka +ok [\s\S]*Redis +ok /;
    expect(await command(env, 'cli', 'doctor')).toMatchObject({ code: 0, output: expect.stringMatching(fits) });

    const start = (role: 'api' | 'shard', more: Record<string, string>) =>
      new ClusterProcess({ role, program: programs[role], env: { ...env, ...more }, onLine: () => undefined, onExit: () => undefined });
    await using _api = start('api', { API_PORT: `${apiPort}`, ADMIN_PORT: `${apiAdmin}`, API_DRAIN_WAIT_SECONDS: '0' });
    const url = `ws://127.0.0.1:${shardPort}`;
    const own = {
      SHARD_ID: 'shard-0',
      SHARD_PORT: `${shardPort}`,
      ADMIN_PORT: `${shardAdmin}`,
      SHARD_PUBLIC_URL: url,
      SHARD_DRAIN_SECONDS: '0',
    };
    await using _shard = start('shard', own);
    const canary = { HOST: '127.0.0.1', AUTH_JWT_SECRET_FILE: secret, CANARY_API_URL: `http://127.0.0.1:${apiPort}`, CANARY_SHARDS: url };
    await expect
      .poll(() => command(canary, 'canary', '--once'), { timeout: 40_000, interval: 500 })
      .toEqual({
        code: 0,
        output: 'published one message, received it through 1 of 1 shards\n',
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
