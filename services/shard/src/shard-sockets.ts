import { Tickets, TokenVerifier } from '@carillon/auth';
import type { Clock, Failpoint, Logger } from '@carillon/runtime';
import { Admission } from './admission/admission.ts';
import { LoopDelay } from './admission/loop-delay.ts';
import type { ShardConfig } from './config.ts';
import { type AcceptParts, acceptUpgrade } from './connection/accept-upgrade.ts';
import type { Connection } from './connection/connection.ts';
import { ConnectionTable } from './connection/connection-table.ts';
import { Credentials } from './connection/credentials.ts';
import { FlushList } from './connection/flush-list.ts';
import { handleFrame } from './connection/handle-frame.ts';
import { type OpenParts, openConnection, renewCredential } from './connection/open-connection.ts';
import { capEveryMs, QueueCap } from './connection/queue-cap.ts';
import { TimerWheel, wheelTickMs } from './connection/timer-wheel.ts';
import { RecentRecords } from './consumer/recent-records.ts';
import { TurnLoop } from './delivery/turn-loop.ts';
import type { ShardCounts } from './metrics.ts';
import type { ShardLife } from './shard-life.ts';
import { UwsServer } from './transport/uws-server.ts';

export type ShardSocketsOptions = {
  readonly config: ShardConfig;
  readonly partitionCount: number;
  readonly counts: ShardCounts;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Bytes that may wait for all connections together. */
  readonly maxQueuedBytes: number;
  readonly failpoint?: Failpoint | undefined;
};

/** Connections that may wait for a flush before routing pauses: what is routed further would only wait longer. */
const maxDirty = 512;

/** The side of a shard that clients see: its port, its connections, and the turns that serve them. */
export class ShardSockets implements Disposable {
  readonly #options: ShardSocketsOptions;
  readonly #turns: TurnLoop;
  readonly #flushList: FlushList;
  readonly #wheel: TimerWheel<Connection>;
  readonly #server: UwsServer;
  readonly #loopDelay = new LoopDelay();
  readonly admission: Admission;
  readonly connections = new ConnectionTable();
  readonly recent = new RecentRecords();
  /** What a connection needs from the life that it belongs to; nobody is admitted before there is one. */
  #life: { readonly life: ShardLife; readonly open: OpenParts } | undefined;
  #timers: readonly Disposable[] = [];

  constructor(options: ShardSocketsOptions) {
    this.#options = options;
    const { clock, config } = options;
    this.#turns = new TurnLoop(clock);
    this.#flushList = new FlushList(clock, this.#turns.request);
    this.#wheel = new TimerWheel(clock.monotonicMs());
    this.admission = createAdmission(options, this.#loopDelay.isOverloaded);
    const accept = this.#createAcceptParts();
    this.#server = new UwsServer({
      host: config.HOST,
      port: config.SHARD_PORT,
      engineSha256: config.UWS_SHA256,
      clock,
      onUpgrade: (request) => acceptUpgrade(request, accept),
    });
  }

  /** Listens, and refuses everybody until `serve`. Returns the port. */
  listen(): number {
    return this.#server.listen();
  }

  readonly requestTurn = (): void => this.#turns.request();

  /** Routes for this life from now on. */
  attach(life: ShardLife): void {
    this.#life = { life, open: this.#createOpenParts(life) };
    const isFull = () => this.#flushList.length >= maxDirty;
    this.#turns.run([(endMs) => life.pool.routeTurn(endMs, isFull), (endMs) => this.#flushList.flushTurn(endMs)]);
  }

  /** Admits clients. */
  serve(): void {
    const { clock } = this.#options;
    const cap = new QueueCap(this.#options.maxQueuedBytes);
    this.#timers = [
      clock.every(wheelTickMs, () => this.#wheel.advance(clock.monotonicMs(), (connection) => connection.visit())),
      clock.every(capEveryMs, () => cap.enforce(this.connections.each())),
    ];
    this.#loopDelay.start(clock);
    this.admission.open();
  }

  /** Connections that have something to send this turn. */
  get pendingFlushes(): number {
    return this.#flushList.length;
  }

  /** Ends every connection with 4000; true: there was one. */
  endAll(): boolean {
    const connections = this.connections.all();
    for (const connection of connections) connection.close('draining');
    return connections.length > 0;
  }

  [Symbol.dispose](): void {
    this.admission.close();
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#loopDelay[Symbol.dispose]();
    this.#server.close();
  }

  #createAcceptParts(): AcceptParts {
    const { config, counts, clock, random, failpoint } = this.#options;
    const { admission, connections, recent } = this;
    const shared = { clock, random, counts, recent, failpoint, flushList: this.#flushList, wheel: this.#wheel };
    return {
      ...{ admission, connections, counts },
      connectionParts: { ...shared, heartbeatMs: config.HEARTBEAT_MS, queue: { maxBytes: config.SHARD_SEND_QUEUE_BYTES, clock, counts } },
      allowedOrigins: config.ALLOWED_ORIGINS,
      // The promises never reject: what fails ends the connection.
      onOpen: (connection, claim) => this.#life && void openConnection(connection, claim, this.#life.open),
      onFrame: (connection, frame, isBinary) => handleFrame(connection, frame, isBinary, this.#frameParts),
      onLastOf: (userId) => this.#life?.life.registrar.unregister(userId),
    };
  }

  readonly #frameParts = {
    countIgnored: () => {
      this.#options.counts.framesIgnored += 1;
    },
    nowMs: () => this.#options.clock.monotonicMs(),
    authenticate: (connection: Connection, token: string) => this.#life && void renewCredential(connection, token, this.#life.open),
  };

  #createOpenParts(life: ShardLife): OpenParts {
    const { config, partitionCount, counts, clock, logger } = this.#options;
    return {
      shardId: config.SHARD_ID,
      partitionCount,
      heartbeatMs: config.HEARTBEAT_MS,
      connectionsPerUser: config.CONNECTIONS_PER_USER,
      connections: this.connections,
      credentials: new Credentials(new Tickets(config.TICKET_SECRET, clock, config.TICKET_SECRET_ALTERNATE), createVerifier(config, clock)),
      registrar: life.registrar,
      recent: this.recent,
      ...{ counts, logger },
    };
  }
}

function createAdmission({ config, clock, random, counts }: ShardSocketsOptions, isOverloaded: () => boolean): Admission {
  return new Admission({
    upgradeRate: config.UPGRADE_RATE,
    connectionsPerIp: config.CONNECTIONS_PER_IP,
    maxConnections: config.SHARD_MAX_CONNECTIONS,
    ...{ isOverloaded, clock, random, counts },
  });
}

/** No leeway: the end of the credential is the end of the connection [S3]. */
function createVerifier(config: ShardConfig, clock: Clock): TokenVerifier {
  const { AUTH_JWT_SECRET: secret, AUTH_JWT_SECRET_ALTERNATE: alternateSecret } = config;
  const { AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = config;
  const present = Object.entries({ secret, alternateSecret, jwksUrl, issuer, audience }).filter(([, value]) => value !== undefined);
  return new TokenVerifier({ ...Object.fromEntries(present), leewaySeconds: 0 }, clock);
}
