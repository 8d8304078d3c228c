import { Cluster, type ClusterOptions } from './cluster.ts';
import { type IsolatedServices, isolateServices } from './isolated-services.ts';

/**
 * A cluster on shared servers with everything of its own: a database, a topic, a group and a Redis database (1 to 15, taken
 * in turn). Dispose stops the processes and drops the database. A member that dies by itself fails the run: `deaths`.
 */
export class TestCluster extends Cluster {
  /** Members that ended without being asked to. */
  readonly deaths: string[];
  readonly databaseUrl: string;
  readonly kafkaTopic: string;
  readonly kafkaGroup: string;
  readonly redisUrl: string;
  readonly #isolated: IsolatedServices;

  private constructor(options: ClusterOptions, isolated: IsolatedServices, deaths: string[]) {
    super({ ...options, onExit: (role, how) => void deaths.push(`${role}: ${how}`) });
    this.deaths = deaths;
    this.databaseUrl = options.services.databaseUrl;
    this.kafkaTopic = isolated.env.KAFKA_TOPIC;
    this.kafkaGroup = isolated.env.KAFKA_GROUP;
    this.redisUrl = options.services.redisUrl;
    this.#isolated = isolated;
  }

  static override async start(options: ClusterOptions): Promise<TestCluster> {
    const isolated = await isolateServices(options.services);
    const env = { ...isolated.env, LOG_LEVEL: 'info', ...options.env };
    const cluster = new TestCluster({ ...options, env, services: isolated.services }, isolated, []);
    await cluster.startAll();
    return cluster;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#isolated[Symbol.asyncDispose]();
  }
}
