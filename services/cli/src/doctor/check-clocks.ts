import type { Finding } from '@carillon/api';
import { readPostgresClock } from '@carillon/store';

/** A clock beside ours: how far it is ahead, and how precisely that is known. */
export type ClockReading = { readonly name: string; readonly aheadMs: number; readonly precisionMs: number };

type Clocks = { readonly databaseUrl: string | undefined; readonly adminUrls: readonly string[] };

/** Tokens and tickets end by these clocks, and latency figures subtract them. */
const toleratedMs = 1_000;
const timeoutMs = 5_000;
const headerResolutionMs = 1_000;

/** Compares the clocks of Postgres and of the machines behind the admin ports with this one's. Who does not answer is left out. */
export async function checkClocks({ databaseUrl, adminUrls }: Clocks): Promise<Finding> {
  const readings = await Promise.all([
    ...(databaseUrl === undefined ? [] : [read('Postgres', 0, () => readPostgresClock(databaseUrl))]),
    ...adminUrls.map((url) => read(url, headerResolutionMs, () => readDateHeader(url))),
  ]);
  return judgeClocks(readings.filter((reading) => reading !== undefined));
}

export function judgeClocks(readings: readonly ClockReading[]): Finding {
  const farthest = Math.max(0, ...readings.map(({ aheadMs }) => Math.abs(aheadMs)));
  const wrong = readings.filter(({ aheadMs, precisionMs }) => Math.abs(aheadMs) - precisionMs > toleratedMs);
  return {
    name: 'clocks',
    found: readings.length === 0 ? 'nothing to compare with' : `${readings.length} compared, ${Math.round(farthest)} ms apart at most`,
    faults: wrong.map(
      ({ name, aheadMs }) => `${name} is ${Math.round(Math.abs(aheadMs))} ms ${aheadMs > 0 ? 'ahead' : 'behind'}: is NTP running on both?`,
    ),
    warnings: [],
  };
}

/** The answer was given about half-way between question and arrival. */
async function read(name: string, resolutionMs: number, ask: () => Promise<number>): Promise<ClockReading | undefined> {
  const askedMs = Date.now();
  try {
    const theirsMs = await ask();
    const tookMs = Date.now() - askedMs;
    return { name, aheadMs: theirsMs + resolutionMs / 2 - (askedMs + tookMs / 2), precisionMs: tookMs / 2 + resolutionMs / 2 };
  } catch (_noAnswer) {
    return undefined;
  }
}

async function readDateHeader(adminUrl: string): Promise<number> {
  const answer = await fetch(`${adminUrl}/livez`, { signal: AbortSignal.timeout(timeoutMs) });
  await answer.arrayBuffer();
  return Date.parse(answer.headers.get('date') ?? '');
}
