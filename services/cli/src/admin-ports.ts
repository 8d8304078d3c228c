import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { StartError } from '@carillon/runtime';
import { z } from 'zod';
import { baseUrl } from './base-url.ts';

type Flags = { readonly admin?: string | undefined; readonly cluster?: string | undefined };
type Env = Readonly<Record<string, string | undefined>>;

const member = z.object({ url: z.string(), admin_url: z.string() });
const clusterSchema = z.object({ api: z.array(member), shards: z.array(member.extend({ id: z.string() })) });

export type ClusterFile = z.infer<typeof clusterSchema>;

/**
 * The admin ports to look at: named one by one, or by a name that resolves to many addresses, as a headless Service does, or by the
 * file of a local cluster. Throws StartError when none is named or one is no URL.
 */
export async function adminPorts(flags: Flags, env: Env): Promise<string[]> {
  const named = (flags.admin ?? env['CARILLON_ADMIN_URLS'] ?? '').split(',').filter((url) => url !== '');
  const cluster = named.length === 0 ? readClusterFile(flags, env) : undefined;
  const urls = cluster === undefined ? named : [...cluster.api, ...cluster.shards].map(({ admin_url }) => admin_url);
  if (urls.length === 0) throw new StartError('where are the admin ports? Name them with --admin or --cluster');
  return (await Promise.all(urls.map(everyAddress))).flat();
}

/** Undefined where none is named. */
export function readClusterFile(flags: Flags, env: Env): ClusterFile | undefined {
  const file = flags.cluster ?? env['CARILLON_CLUSTER'];
  if (file === undefined || file === '') return undefined;
  try {
    return clusterSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new StartError(`${file} is no file that npm run cluster -- --json wrote`, { cause });
  }
}

async function everyAddress(text: string): Promise<string[]> {
  const url = new URL(baseUrl(text));
  const addresses = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true }).catch((cause: unknown) => {
    throw new StartError(`${url.hostname} has no address`, { cause });
  });
  if (addresses.length < 2) return [url.origin];
  return addresses.map(({ address, family }) => `${url.protocol}//${family === 6 ? `[${address}]` : address}:${url.port || '80'}`);
}
