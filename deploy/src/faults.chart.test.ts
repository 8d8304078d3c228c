import { expect, test } from 'vitest';
import { chartFolder } from './generated-files.ts';
import { caseValues, helm } from './render.fixture.ts';

const minimal = caseValues('minimal');
const url = { existingSecret: 'a' };
const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

/** What helm says of the minimal values with these instead. */
function sayOf(values: object, program: 'helm3' | 'helm4' = 'helm3'): string {
  const { isOk, text } = helm(['template', 'x', chartFolder], { ...minimal, ...values }, { helm: program });
  expect(isOk).toBe(false);
  return inOneLine(text);
}

test.each<[object, string]>([
  [{ postgres: { url: { ...url, value: 'postgres://x' } } }, 'postgres.url has both a value and an existingSecret: give one of them'],
  [{ config: {} }, 'config.KAFKA_BROKERS is required: host:port of some of the brokers'],
  [{ auth: { ticketSecret: url } }, 'auth.jwtSecret or config.AUTH_JWKS_URL is required: without keys nobody can be let in'],
  [
    { auth: { ticketSecret: url, jwtSecretAlternate: url }, config: { KAFKA_BROKERS: 'k:1', AUTH_JWKS_URL: 'https://id.example' } },
    'auth.jwtSecretAlternate needs auth.jwtSecret',
  ],
  [
    { config: { KAFKA_BROKERS: 'k:1', AUTH_JWKS_URL: 'https://id.example' } },
    'auth.jwtSecret and config.AUTH_JWKS_URL exclude each other: one of them fixes the algorithm of tokens',
  ],
  [{ kafka: { password: url } }, 'kafka.password needs config.KAFKA_SASL_MECHANISM and config.KAFKA_USERNAME'],
  [{ config: { KAFKA_BROKERS: 'k:1', KAFKA_USERNAME: 'u' } }, 'config.KAFKA_SASL_MECHANISM and config.KAFKA_USERNAME need kafka.password'],
  [{ kafka: { clientCert: url } }, 'kafka.clientCert and kafka.clientKey belong together: give both or neither'],
  [{ kafka: { clientCert: url, clientKey: url } }, 'kafka.clientCert needs config.KAFKA_TLS: true'],
  [{ caBundle: { existingSecret: 'a', configMap: 'b' } }, 'caBundle has both an existingSecret and a configMap: give one of them'],
  [{ api: { pdb: { minAvailable: 1 } } }, 'api.pdb has both minAvailable and maxUnavailable: set the other one to ""'],
  [{ api: { pdb: { maxUnavailable: '' } } }, 'api.pdb needs minAvailable or maxUnavailable'],
  [{ shard: { publicUrl: 'wss://a/{index}', replicas: 20 } }, 'shard.replicas is 20, but shard.maxShards gives addresses to 16 only'],
  [
    { shard: { publicUrl: 'wss://a/{index}', hpa: { enabled: true, maxReplicas: 20 } } },
    'shard.hpa.maxReplicas is 20, but shard.maxShards gives addresses to 16 only',
  ],
  [
    { shard: { publicUrl: 'wss://a/{index}', hpa: { enabled: true, connections: 60000 } } },
    'shard.hpa.connections is 60000, above shard.maxConnections 50000',
  ],
  [{ shard: { publicUrl: 'wss://a/{index}', maxShards: 65 } }, 'shard.maxShards is 65, but there are 64 partitions to share'],
  [{ api: { hpa: { enabled: true, minReplicas: 11 } } }, 'api.hpa.minReplicas is above api.hpa.maxReplicas'],
  [{ api: { hpa: { enabled: true }, keda: { enabled: true, prometheusUrl: 'http://p' } } }, 'api.hpa and api.keda exclude each other'],
  [{ api: { keda: { enabled: true } } }, 'api.keda.prometheusUrl is required'],
  [{ shard: { publicUrl: '' } }, 'shard.publicUrl is required with shard.addressing perShard'],
  [{ shard: { publicUrl: 'wss://a.example' } }, 'shard.publicUrl needs {index} in it with shard.addressing perShard'],
  [
    { shard: { publicUrl: 'wss://a/{index}', addressing: 'shared' } },
    'shard.publicUrl must not have {index} in it with shard.addressing shared',
  ],
  [
    { ingress: { enabled: true, host: 'a' }, httpRoute: { enabled: true, host: 'a', parentRefs: [{ name: 'g' }] } },
    'ingress and httpRoute exclude each other',
  ],
  [{ ingress: { enabled: true } }, 'ingress.host is required'],
  [{ httpRoute: { enabled: true, host: 'a' } }, 'httpRoute.parentRefs is required'],
  [{ image: { tag: 'latest' } }, 'image.tag must not be latest'],
  [{ image: { tag: '1', digest: `sha256:${'0'.repeat(64)}` } }, 'image has both a tag and a digest'],
  [{ metrics: { prometheusRule: { enabled: true, runbookBaseUrl: '' } } }, 'metrics.prometheusRule.runbookBaseUrl is required'],
  [
    { auth: { ticketSecret: url }, config: { KAFKA_BROKERS: 'k:1', AUTH_JWKS_URL: 'https://id.example' }, canary: { enabled: true } },
    'canary.enabled needs canary.token',
  ],
])('[K3] %j is answered in words', (values, sentence) => {
  const said = sayOf(values);
  expect(said).toContain(sentence);
  expect(said).toContain('The values of carillon have 1 fault(s)');
});

test('[K2] a window that cannot hold the connections of a shard is refused, with the one that can', () => {
  expect(sayOf({ drain: { windowSeconds: 60 } })).toContain(
    'drain.windowSeconds is 60, but 50000 connections (shard.maxConnections) at half of config.UPGRADE_RATE 1000 need 100 s to move',
  );
  const halved = helm(['template', 'x', chartFolder], {
    ...minimal,
    drain: { windowSeconds: 60 },
    shard: { publicUrl: 'wss://a/{index}', maxConnections: 30_000 },
  });
  expect(halved.isOk, halved.text).toBe(true);
});

test('[K3] all faults are told at once, by both helms', () => {
  const nothing = { postgres: {}, redis: {}, config: {}, auth: {}, shard: { publicUrl: '' } };
  const said = sayOf(nothing, 'helm3');
  expect(said).toContain('The values of carillon have 6 fault(s)');
  expect(sayOf(nothing, 'helm4')).toBe(said);
  for (const path of [
    'postgres.url is',
    'redis.url is',
    'auth.ticketSecret is',
    'config.KAFKA_BROKERS is',
    'auth.jwtSecret or',
    'shard.publicUrl is',
  ])
    expect(said).toContain(path);
});

test.each<[object, RegExp]>([
  [{ shards: { replicas: 3 } }, /additional properties 'shards' not allowed/],
  [{ config: { KAFKA_BROKERS: 'k:1', SEND_RTAE: 5 } }, /'\/config'.*additional properties 'SEND_RTAE' not allowed/],
  [{ config: { KAFKA_BROKERS: 'k:1', EVENT_RETENTION_DAYS: 1 } }, /EVENT_RETENTION_DAYS.*minimum: got 1, want 2/],
  [{ config: { KAFKA_BROKERS: 'k:1', SEND_RATE: 'many' } }, /SEND_RATE.*got string, want integer/],
  [{ config: { KAFKA_BROKERS: 'k:1', DEV_TOKENS: true } }, /additional properties 'DEV_TOKENS' not allowed/],
  [{ shard: { replicas: 0, publicUrl: 'wss://a/{index}' } }, /shard\/replicas.*minimum: got 0, want 1/],
  [{ shard: { addressing: 'direct' } }, /shard\/addressing.*'perShard', 'shared', 'internal'/],
  [
    { metrics: { slo: { delivery: { threshold_seconds: 0.3 } } } },
    /metrics\/slo\/delivery\/threshold_seconds.*value must be one of.*0\.25, 0\.5/,
  ],
  [{ metrics: { slo: { api: { objective: 99.9 } } } }, /metrics\/slo\/api\/objective.*maximum: got 99\.9, want 1/],
  [{ shard: { publicUrl: 'https://a' } }, /shard\/publicUrl.*does not match pattern/],
  [
    { api: { resources: { requests: { memory: '1Gi' }, limits: { memory: 'lots' } } } },
    /api\/resources\/limits\/memory.*does not match pattern/,
  ],
])('[K3] %j does not pass the schema', (values, sentence) => {
  expect(sayOf(values)).toMatch(sentence);
});
