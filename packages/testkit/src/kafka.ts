import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Announce } from './apt.ts';
import { freePorts } from './free-ports.ts';
import { kafkaClasspath } from './kafka-classpath.ts';
import { ServerProcess } from './process.ts';
import { removeAtExit, removeFolder } from './process-cleanup.ts';
import { provideJava } from './provision.ts';

/** A Kafka broker of our own: one KRaft node on loopback. A restart keeps its port and data. */
export type KafkaServer = {
  /** `host:port`. */
  readonly brokers: string;
  /** Of the running process; undefined after a kill. */
  readonly pid: number | undefined;
  /** For faults: `signal` and `restart`. */
  readonly process: ServerProcess;
  stop(): Promise<void>;
};

/** A further listener, advertised as another address than its own: clients that enter by a proxy stay on it. */
type KafkaEdge = {
  readonly name: string;
  readonly port: number;
  readonly advertisedPort: number;
  readonly protocol?: 'PLAINTEXT' | 'SASL_SSL';
};

type KafkaOptions = {
  readonly announce?: Announce;
  readonly edges?: readonly KafkaEdge[];
  readonly settings?: Readonly<Record<string, string>>;
};

/** Quiet but for warnings and the one line that tells that the broker serves requests. */
const logging = ['defaultLogLevel=error', 'log.kafka.server.KafkaRaftServer=info', 'showDateTime=true'];
const startedLine = 'Kafka Server started';
/** The second compiler would use a core for the first minute, which is most of what a broker of a test ever lives. */
const jvm = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];

/**
 * Starts Apache Kafka, about 2 s; fetches Java and the jars where they are missing. Resolves when it serves requests. It ends
 * with this process; its data lies in the system's folder for temporary files and goes at stop.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const announce = options.announce ?? (() => undefined);
  const java = await provideJava(announce);
  const classpath = await kafkaClasspath(announce);
  const folder = mkdtempSync(join(tmpdir(), 'carillon-kafka-'));
  removeAtExit(folder);
  const [port = 0, controllerPort = 0] = await freePorts(2);
  writeConfig(folder, { ...brokerSettings(port, controllerPort, options.edges ?? []), ...options.settings });
  const server = new ServerProcess({
    name: 'Apache Kafka',
    command: java,
    args: [...jvm, ...logging.map(loggerFlag), '-cp', classpath, 'kafka.Kafka', join(folder, 'server.properties')],
    cwd: folder,
    isReady: (output) => output.includes(startedLine),
    startTimeoutMs: 60_000,
  });
  await server.start();
  return {
    brokers: `127.0.0.1:${port}`,
    get pid() {
      return server.pid;
    },
    process: server,
    stop: async () => {
      await server.stop();
      removeFolder(folder);
    },
  };
}

function loggerFlag(setting: string): string {
  return `-Dorg.slf4j.simpleLogger.${setting}`;
}

/** Written by hand, `meta.properties` saves the second JVM that would format the folder. */
function writeConfig(folder: string, broker: Record<string, string | number | boolean>): void {
  const data = join(folder, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'meta.properties'), 'version=1\ncluster.id=Y2FyaWxsb24tdGVzdHMtMQ\nnode.id=1\n');
  const settings = { ...broker, 'log.dirs': data };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(join(folder, 'server.properties'), `${lines.join('\n')}\n`);
}

function brokerSettings(port: number, controllerPort: number, edges: readonly KafkaEdge[]): Record<string, string | number | boolean> {
  const own: KafkaEdge = { name: 'PLAINTEXT', port, advertisedPort: port };
  const advertised = [own, ...edges];
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    listeners: [...advertised, { name: 'CONTROLLER', port: controllerPort }].map((one) => `${one.name}://127.0.0.1:${one.port}`).join(','),
    'advertised.listeners': advertised.map((edge) => `${edge.name}://127.0.0.1:${edge.advertisedPort}`).join(','),
    'inter.broker.listener.name': own.name,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': [
      'CONTROLLER:PLAINTEXT',
      ...advertised.map(({ name, protocol = 'PLAINTEXT' }) => `${name}:${protocol}`),
    ].join(','),
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'auto.create.topics.enable': false,
    // A killed broker may register again only when its session has ended: 9 s by default.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'log.cleaner.dedupe.buffer.size': 4 << 20,
    'log.segment.bytes': 16 << 20,
    'num.network.threads': 2,
    'num.io.threads': 4,
  };
}
