import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { StartError } from '@carillon/runtime';

/** One port that will be listened on, and what sets it. */
export type WantedPort = { readonly port: number; readonly setBy: string };

/** Throws one sentence that names every taken port, what sets it and who holds it. A moved port would break scripts. */
export async function demandFreePorts(host: string, wanted: readonly WantedPort[]): Promise<void> {
  const numbers = wanted.map((want) => want.port);
  const twice = wanted
    .filter((want, index) => numbers.indexOf(want.port) !== index)
    .map((want) => `port ${want.port} (${want.setBy}) is wanted twice`);
  const taken = await Promise.all(wanted.map(async (want) => ((await isFree(host, want.port)) ? [] : [sentence(want)])));
  const faults = [...twice, ...taken.flat()];
  if (faults.length > 0) throw new StartError(faults.join('; '));
}

function sentence({ port, setBy }: WantedPort): string {
  const holder = holderOf(port);
  return `port ${port} is taken${holder === undefined ? '' : ` by ${holder}`}: choose another with ${setBy}`;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

/** Linux only: the process that listens on the port, by its socket's inode; undefined where that cannot be seen. */
function holderOf(port: number): string | undefined {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return undefined;
  const pid = entries('/proc').find(
    (name) => /^\d+$/.test(name) && entries(`/proc/${name}/fd`).some((fd) => inodes.has(link(`/proc/${name}/fd/${fd}`))),
  );
  return pid === undefined ? undefined : `process ${pid} (${read(`/proc/${pid}/comm`).trim()})`;
}

function listeningInodes(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = read(`/proc/net/${table}`)
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/));
  const listening = '0A';
  return rows.filter((row) => row[1]?.endsWith(`:${hexPort}`) && row[3] === listening).map((row) => `socket:[${row[9]}]`);
}

const read = (path: string) => quietly(() => readFileSync(path, 'utf8'), '');
const link = (path: string) => quietly(() => readlinkSync(path), '');
const entries = (path: string) => quietly(() => readdirSync(path), []);

/** Processes come and go and belong to others while /proc is read: what cannot be seen is not there. */
function quietly<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (_gone) {
    return otherwise;
  }
}
