import { lookup } from 'node:dns/promises';

/** Base URLs of all shards that can be reached now: what a name stands for changes as shards come and go. */
export async function findShards(entries: readonly string[]): Promise<string[]> {
  const found = await Promise.all(entries.map((entry) => (entry.includes('://') ? [entry] : resolve(entry))));
  return [...new Set(found.flat())].toSorted();
}

async function resolve(entry: string): Promise<string[]> {
  const [host = '', port = ''] = entry.split(':');
  const addresses = await lookup(host, { all: true });
  return addresses.map(({ address, family }) => `ws://${family === 6 ? `[${address}]` : address}:${port}`);
}
