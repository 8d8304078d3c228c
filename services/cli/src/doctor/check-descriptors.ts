import type { Finding } from '@carillon/api';
import { parseMetricsText } from '@carillon/runtime';

/** Brokers, Redis, files: what a shard needs beside its sockets. */
const reserved = 200;
const timeoutMs = 5_000;

/** Descriptor limits (`ulimit -n`) of the processes behind the admin ports: each connection is one. */
export async function checkDescriptors(adminUrls: readonly string[], maxConnections: number): Promise<Finding> {
  const limits = await Promise.all(adminUrls.map(readLimit));
  return judgeDescriptors(
    limits.filter((limit) => limit !== undefined),
    maxConnections,
  );
}

export function judgeDescriptors(limits: readonly { readonly shard: string; readonly limit: number }[], maxConnections: number): Finding {
  const lowest = Math.min(...limits.map(({ limit }) => limit));
  return {
    name: 'descriptors',
    found: limits.length === 0 ? 'no shard was asked' : `${limits.length} shards, ${lowest} each at least`,
    faults: [],
    warnings: limits
      .filter(({ limit }) => limit < maxConnections + reserved)
      .map(
        ({ shard, limit }) =>
          `${shard} takes ${limit - reserved} connections, not ${maxConnections}: raise ulimit -n (LimitNOFILE) to ${maxConnections + reserved}`,
      ),
  };
}

/** Undefined for an API, or where nobody answers. */
async function readLimit(adminUrl: string): Promise<{ shard: string; limit: number } | undefined> {
  try {
    const answer = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(timeoutMs) });
    const samples = parseMetricsText(await answer.text());
    const shard = samples.find(({ name }) => name === 'carillon_ws_connections')?.labels['shard'];
    const limit = samples.find(({ name }) => name === 'process_max_fds')?.value;
    return shard === undefined || limit === undefined ? undefined : { shard, limit };
  } catch (_noAnswer) {
    return undefined;
  }
}
