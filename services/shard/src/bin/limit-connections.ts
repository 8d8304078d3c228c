import type { Logger } from '@carillon/runtime';
import type { ShardConfig } from '../config.ts';

/** What a process needs beside its sockets: brokers, Redis, files, the admin port. */
const reserved = 200;

/** The configuration with no more connections than the process has descriptors for; says so when that is fewer. */
export function limitConnections<C extends Pick<ShardConfig, 'SHARD_MAX_CONNECTIONS'>>(config: C, logger: Logger): C {
  const descriptors = readDescriptorLimit();
  const possible = Math.max(descriptors - reserved, 1);
  if (config.SHARD_MAX_CONNECTIONS <= possible) return config;
  logger.warn({ descriptors, connections: possible }, 'SHARD_MAX_CONNECTIONS exceeds the descriptor limit (ulimit -n): lowered');
  return { ...config, SHARD_MAX_CONNECTIONS: possible };
}

/** `ulimit -n`; unlimited where the system does not say. */
function readDescriptorLimit(): number {
  Object.assign(process.report, { excludeNetwork: true });
  const report: { userLimits?: { open_files?: { soft?: number | string } } } = process.report.getReport();
  const soft = Number(report.userLimits?.open_files?.soft);
  return Number.isNaN(soft) ? Number.POSITIVE_INFINITY : soft;
}
