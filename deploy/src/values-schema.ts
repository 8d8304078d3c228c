import { z } from 'zod';
import { sloChangesSchema } from './slo-schema.ts';

/** The values of the chart but `config`, which comes from the processes' own schemas. Each description ends up in the README. */

const text = (description: string) => z.string().describe(description);
const flag = (description: string) => z.boolean().describe(description);
const count = (description: string, min = 1) => z.int().min(min).max(1_000_000).describe(description);
const labels = (description: string) => z.record(z.string(), z.string()).describe(description);
const list = (description: string) => z.array(z.looseObject({})).describe(description);
const map = (description: string) => z.looseObject({}).describe(description);

/** Everything else than a bare number or a number with one of these is a mistake of its author. */
const memory = z.string().regex(/^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|k|M|G)?$/);
const quantity = z.union([z.string(), z.number()]);

const secret = (what: string) =>
  z.strictObject({
    value: text(`${what}, in the clear: to try things out.`),
    existingSecret: text(`The Secret that holds it: ${what}.`),
    key: z.string().min(1).describe('Its key in that Secret.'),
  });

const resources = z
  .strictObject({
    requests: z
      .strictObject({
        cpu: quantity.describe('CPU that is kept for it.'),
        memory: memory.describe('Memory that is kept for it: as much as the limit, so that no node runs short.'),
      })
      .partial(),
    limits: z.strictObject({
      memory: memory.describe('Memory that it may have; three quarters of it are the heap.'),
      cpu: quantity.optional().describe('CPU that it may have; better none: a shard that is throttled is late for everybody.'),
    }),
  })
  .describe('Requests and limits; three quarters of the memory limit are the heap. Memory limit = request, no CPU limit.');

const bound = z.union([z.int().min(0), z.string().regex(/^(|[0-9]+%)$/)]);
const pdb = z.strictObject({
  enabled: flag('A PodDisruptionBudget.'),
  maxUnavailable: bound.describe('Pods that may be away at once; "" where minAvailable is set.'),
  minAvailable: bound.describe('Pods that must be there; "" where maxUnavailable is set.'),
});

const topologySpread = z.strictObject({
  enabled: flag('Spread over zones and nodes.'),
  topologyKey: text('What is a zone.'),
  whenUnsatisfiable: z.enum(['ScheduleAnyway', 'DoNotSchedule']).describe('What happens when they cannot be spread.'),
});

const pods = {
  resources,
  pdb,
  topologySpread,
  podAnnotations: labels('Annotations of its pods.'),
  podLabels: labels('Further labels of its pods.'),
  nodeSelector: labels('Nodes that it may run on.'),
  tolerations: list('Taints that it tolerates.'),
  affinity: map('Affinity of its pods.'),
  priorityClassName: text('Priority class of its pods.'),
  extraEnv: list('Further environment variables.'),
  extraVolumes: list('Further volumes.'),
  extraVolumeMounts: list('Where they are mounted.'),
  extraContainers: list('Further containers of its pods; templates are filled in.'),
};

const autoscaler = {
  enabled: flag('An autoscaler instead of a fixed number of replicas.'),
  minReplicas: count('Never fewer.'),
  maxReplicas: count('Never more.'),
};

const peers = (who: string) =>
  z.strictObject({
    ports: z.array(z.int().min(1).max(65_535)).min(1).describe(`Ports of ${who}.`),
    to: list(`Peers that are ${who}; none = any address on these ports.`),
  });

export const valuesSchema = z.strictObject({
  nameOverride: text('Instead of the chart’s name in the names of objects.'),
  fullnameOverride: text('Instead of release and chart name.'),
  commonLabels: labels('Further labels of every object and pod.'),
  global: z
    .looseObject({
      imageRegistry: text('Registry of all images, before image.registry.').optional(),
      imagePullSecrets: z.array(z.string()).describe('Names of pull secrets.').optional(),
    })
    .describe('Shared with other charts.'),
  image: z.strictObject({
    registry: text('Registry of the image.'),
    repository: z.string().min(1).describe('The image.'),
    tag: text('Its tag; by default the chart’s appVersion. Never `latest`.'),
    digest: z
      .string()
      .regex(/^(|sha256:[0-9a-f]{64})$/)
      .describe('Its digest, instead of a tag.'),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).describe('When it is pulled.'),
    pullSecrets: z.array(z.string()).describe('Names of pull secrets.'),
  }),
  auth: z.strictObject({
    jwtSecret: secret('AUTH_JWT_SECRET'),
    jwtSecretAlternate: secret('AUTH_JWT_SECRET_ALTERNATE'),
    ticketSecret: secret('TICKET_SECRET'),
    ticketSecretAlternate: secret('TICKET_SECRET_ALTERNATE'),
  }),
  postgres: z.strictObject({
    url: secret('DATABASE_URL'),
    relayUrl: secret('RELAY_DATABASE_URL'),
    migrateUrl: secret('DATABASE_URL of the migration, a user that may change the schema'),
  }),
  kafka: z.strictObject({
    password: secret('KAFKA_PASSWORD'),
    clientCert: secret('KAFKA_CLIENT_CERT'),
    clientKey: secret('KAFKA_CLIENT_KEY'),
  }),
  redis: z.strictObject({ url: secret('REDIS_URL') }),
  caBundle: z.strictObject({
    existingSecret: text('A Secret with certificates of own authorities, for Postgres, Kafka, Redis and JWKS.'),
    configMap: text('A ConfigMap with them, instead.'),
    key: z.string().min(1).describe('Their key, PEM.'),
  }),
  serviceAccount: z.strictObject({
    create: flag('Make one. No token is mounted.'),
    name: text('Its name.'),
    annotations: labels('Its annotations.'),
  }),
  drain: z.strictObject({
    endpointSeconds: z.int().min(0).max(120).describe('Until load balancers have noticed that a pod goes: its preStop sleeps so long.'),
    windowSeconds: z.int().min(10).max(3_600).describe('Over which a shard spreads its clients’ reconnects: SHARD_DRAIN_SECONDS.'),
  }),
  api: z.strictObject({
    replicas: count('API processes, each with a relay.'),
    service: z.strictObject({
      type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).describe('Type of the API’s Service.'),
      port: z.int().min(1).max(65_535).describe('Its port.'),
      annotations: labels('Its annotations.'),
    }),
    hpa: z.strictObject({ ...autoscaler, cpuPercent: z.int().min(10).max(100).describe('CPU, of the request, that it aims at.') }),
    keda: z.strictObject({
      ...autoscaler,
      prometheusUrl: text('Where KEDA asks for carillon_outbox_oldest_seconds.'),
      outboxSeconds: count('Age of the oldest event that is not told yet, from which on it scales.'),
    }),
    ...pods,
  }),
  shard: z.strictObject({
    replicas: count('Shards.'),
    maxShards: count('Shards that have an address, so that scaling needs no upgrade of the release.'),
    maxConnections: z.int().min(1).max(10_000_000).describe('Connections of one shard: SHARD_MAX_CONNECTIONS.'),
    addressing: z
      .enum(['perShard', 'shared', 'internal'])
      .describe('How clients reach a shard: an address each, one for all (owners forward), or cluster names.'),
    publicUrl: z
      .string()
      .regex(/^(|wss?:\/\/[^\s?#]+[^/\s?#])$/)
      .describe('SHARD_PUBLIC_URL with {index}, such as wss://chat.example.com/s/{index}; by default from ingress or httpRoute.'),
    rollOnConfigChange: flag('Whether a changed configuration restarts shards by itself: it moves every user once.'),
    hpa: z.strictObject({ ...autoscaler, connections: count('Connections per shard that it aims at; needs a metrics adapter.') }),
    ...pods,
  }),
  migrations: z.strictObject({
    mode: z
      .enum(['hook', 'argoSyncWave', 'initContainer', 'none'])
      .describe('When the schema changes: a Helm hook (PreSync of Argo CD), a sync wave, before each API process, or by you.'),
    preflight: flag('Look at Postgres, Kafka and Redis first, and change nothing when one does not fit.'),
    createTopic: flag('Make the topic too; off where an operator of Kafka does.'),
    activeDeadlineSeconds: count('How long the job may take.'),
    resources,
  }),
  canary: z.strictObject({
    enabled: flag('A process that publishes and receives through every shard, again and again.'),
    helmTest: flag('The same once, as `helm test`.'),
    intervalSeconds: count('Seconds from one message to the next.'),
    token: secret('CANARY_TOKEN, the token of a user of its own, where tokens are verified by JWKS'),
    resources,
  }),
  ingress: z.strictObject({
    enabled: flag('An Ingress: the API at /, shards below the path of shard.publicUrl.'),
    className: text('Its class.'),
    host: text('The host that clients know.'),
    annotations: labels('Its annotations. Idle timeouts must exceed HEARTBEAT_MS.'),
    tlsSecret: text('The Secret with its certificate.'),
  }),
  httpRoute: z.strictObject({
    enabled: flag('HTTPRoutes of the Gateway API, instead of an Ingress.'),
    host: text('The host that clients know.'),
    parentRefs: list('The Gateways that they belong to.'),
    annotations: labels('Their annotations.'),
  }),
  networkPolicy: z.strictObject({
    enabled: flag('NetworkPolicies: in come clients and scrapes, out go Postgres, Kafka, Redis and DNS.'),
    clients: list('Peers that may call API and shards; none = all.'),
    scrapers: list('Peers that may read the admin port; none = all.'),
    postgres: peers('Postgres'),
    kafka: peers('Kafka'),
    redis: peers('Redis'),
    extraEgress: list('Further rules of egress.'),
  }),
  metrics: z.strictObject({
    serviceMonitor: z.strictObject({
      enabled: flag('A ServiceMonitor of the Prometheus operator.'),
      interval: text('How often it scrapes.'),
      labels: labels('Its labels, as the operator selects them.'),
    }),
    prometheusRule: z.strictObject({
      enabled: flag('Alert and recording rules.'),
      labels: labels('Their labels, as the operator selects them.'),
      runbookBaseUrl: text('Where the runbooks are: <this>/<alert>.md.'),
      dashboardUrl: text('Where Grafana shows dashboards: <this>/<uid>; empty = no link.'),
      disabled: z.array(z.string()).describe('Alerts to leave out.'),
    }),
    dashboards: z.strictObject({
      enabled: flag('ConfigMaps with Grafana dashboards.'),
      labels: labels('Their labels, as the sidecar selects them.'),
      annotations: labels('Their annotations, such as the folder.'),
    }),
    slo: sloChangesSchema,
  }),
  extraObjects: z.array(z.union([z.string(), z.looseObject({})])).describe('Further objects; templates are filled in.'),
});
