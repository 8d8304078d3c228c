import { DevTokens, Tickets, TokenVerifier, type TokenVerifierOptions } from '@carillon/auth';
import type { EventLogWriter } from '@carillon/event-log';
import type { Presence } from '@carillon/presence';
import { type Failpoint, type Health, type Logger, type Metrics, systemClock } from '@carillon/runtime';
import { Database } from '@carillon/store';
import { v7 as newId } from 'uuid';
import { ApiHealth } from './api-health.ts';
import { ChatWrites } from './chat-writes.ts';
import type { ApiConfig } from './config.ts';
import { type App, createApp } from './http/app.ts';
import { HttpServer } from './http/http-server.ts';
import { operations } from './http/routes/operations.ts';
import { SendRate } from './http/send-rate.ts';
import { ApiMetrics } from './metrics.ts';
import { OutboxRelay } from './relay/outbox-relay.ts';
import { RelayMetrics } from './relay/relay-metrics.ts';
import { EventPruner } from './relay/retention.ts';
import { SignalSender } from './relay/signal-sender.ts';
import { ShardLeases } from './tickets/shard-leases.ts';
import { WriteGate, writeGateLimits } from './write-gate.ts';

/** What an API shares with its process. Whoever made writer and presence disposes of them, after `stop`. */
export type ApiParts = {
  readonly writer: EventLogWriter;
  readonly presence: Presence;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly failpoint?: Failpoint | undefined;
};

/**
 * An API with its relay. `start` listens, and resolves whether or not Postgres, Kafka and Redis are there: what needs them
 * answers 503 meanwhile. `stop` drains, ends the relay's append, and closes the pool; it may come at any time, once.
 */
export type Api = { start(): Promise<{ url: string }>; stop(): Promise<void>; readonly app: App; readonly health: Health };

/** The API's composition root: the one place where its parts meet. */
export function createApi(config: ApiConfig, parts: ApiParts): Api {
  const { logger, metrics, writer, presence, failpoint } = parts;
  const clock = systemClock;
  const isProduction = config.NODE_ENV === 'production';
  const { DATABASE_URL: url, DATABASE_CONNECTIONS: maxConnections, EVENT_RETENTION_DAYS: retentionDays } = config;
  const database = new Database({ url, maxConnections, applicationName: 'carillon-api', logger, failpoint });
  const signals = new SignalSender(clock);
  const relayMetrics = new RelayMetrics(metrics);
  const databaseUrl = config.RELAY_DATABASE_URL ?? url;
  const relay = new OutboxRelay({ databaseUrl, database, writer, signals, logger, metrics: relayMetrics, clock, failpoint });
  const pruner = new EventPruner({ database, retentionDays, clock, logger });
  const apiMetrics = new ApiMetrics(metrics);
  const leases = new ShardLeases({ presence, clock, logger });
  const app = createApp({
    operations: operations({
      database,
      relay,
      signals,
      writes: new ChatWrites({ database, relay, gate: new WriteGate(writeGateLimits, clock), failpoint }),
      tickets: {
        tickets: new Tickets(config.TICKET_SECRET, clock, config.TICKET_SECRET_ALTERNATE),
        leases,
        partitionCount: partitionsOf(writer),
        clock,
      },
      devTokens: devTokensOf(config),
      sendRate: new SendRate(config.SEND_RATE),
      newId: () => newId(),
      maxMembers: config.CHAT_MAX_MEMBERS,
      retentionDays,
      urlRules: { allowLoopbackHttp: !isProduction },
    }),
    verifier: new TokenVerifier({ ...credentialsOf(config), ...issuerOf(config), leewaySeconds: 30 }, clock),
    allowedOrigins: config.ALLOWED_ORIGINS,
    metrics: apiMetrics,
    logger,
    clock,
  });
  const drainWaitMs = config.API_DRAIN_WAIT_SECONDS * 1000;
  const server = new HttpServer({ app, host: config.HOST, port: config.API_PORT, drainWaitMs, clock, logger });
  const health = new ApiHealth({ database, writer, presence, isDraining: () => server.isDraining });
  return {
    app,
    health,
    start: async () => {
      const address = await server.listen();
      leases.start();
      relay.start();
      pruner.start();
      health.markStarted();
      logger.info({ url: address }, 'api listens');
      return { url: address };
    },
    stop: async () => {
      apiMetrics.setDraining();
      await server.drain();
      leases[Symbol.dispose]();
      await pruner[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** The partitions of the event log, remembered from the first time it was reached. */
function partitionsOf(writer: EventLogWriter): () => number | undefined {
  let known: number | undefined;
  return () => {
    if (known === undefined && writer.isOpen()) known = writer.partitionCount;
    return known;
  };
}

function credentialsOf(config: ApiConfig): Pick<TokenVerifierOptions, 'secret' | 'alternateSecret' | 'jwksUrl'> {
  const { AUTH_JWT_SECRET: secret, AUTH_JWT_SECRET_ALTERNATE: alternateSecret, AUTH_JWKS_URL: jwksUrl } = config;
  if (secret !== undefined) return { secret, ...(alternateSecret === undefined ? {} : { alternateSecret }) };
  return jwksUrl === undefined ? {} : { jwksUrl };
}

function issuerOf({ AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience }: ApiConfig): { issuer?: string; audience?: string } {
  return { ...(issuer === undefined ? {} : { issuer }), ...(audience === undefined ? {} : { audience }) };
}

function devTokensOf(config: ApiConfig): DevTokens | undefined {
  const { DEV_TOKENS: isOn, AUTH_JWT_SECRET: secret } = config;
  return isOn && secret !== undefined ? new DevTokens({ secret, ...issuerOf(config) }, systemClock) : undefined;
}
