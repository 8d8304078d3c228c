import { compare, type Verdict } from './comparison.ts';
import { demoApi } from './demo-api.ts';
import { type Side, shardOf } from './side.ts';
import { readStored } from './stored-messages.ts';

export type FaultKind = 'cut' | 'kill' | 'pause' | 'lose';

export type FaultState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'disturbing'; readonly fault: FaultKind; readonly untilMs: number }
  | { readonly kind: 'repairing'; readonly fault: FaultKind; readonly sinceMs: number; readonly reasons: readonly string[] }
  | { readonly kind: 'repaired'; readonly fault: FaultKind; readonly tookMs: number; readonly messages: number }
  | { readonly kind: 'failed'; readonly fault: FaultKind; readonly reason: string };

export type FaultRunOptions = {
  /** The faults are the first one's. */
  readonly sides: readonly Side[];
  readonly chatId: string;
  /** Whether the sides write while it lasts, so that there is something to lose. */
  readonly isWriting: boolean;
  readonly signal: AbortSignal;
  readonly onState: (state: FaultState) => void;
};

const writeEveryMs = 500;
const maxWritten = 30;
const leadMs = 800;
const cutMs = 2_000;
const loseMs = 6_000;
const tailMs = 1_000;
const compareEveryMs = 400;
/** A lost last frame is told by a heartbeat, which comes every 20 s; the rest is for a busy machine. */
const repairLimitMs = 60_000;

/**
 * Disturbs the first side while both write, lets the disturbance end by itself, and compares until both sides show what is in
 * Postgres, a minute at most. Never rejects; an aborted run is silent.
 */
export async function runFault(fault: FaultKind, options: FaultRunOptions): Promise<void> {
  const { sides, signal, onState } = options;
  for (const { log } of sides) log.clearCounts();
  const written = new AbortController();
  try {
    onState({ kind: 'disturbing', fault, untilMs: Date.now() + leadMs });
    void write(options, AbortSignal.any([signal, written.signal]));
    await pause(leadMs, signal);
    const untilMs = await disturb(fault, options);
    onState({ kind: 'disturbing', fault, untilMs });
    await pause(untilMs - Date.now() + tailMs, signal);
    written.abort();
    onState(await repaired(fault, options));
  } catch (error) {
    if (!signal.aborted) onState({ kind: 'failed', fault, reason: error instanceof Error ? error.message : String(error) });
  } finally {
    written.abort();
  }
}

/** Answers when the fault ends. */
async function disturb(fault: FaultKind, { sides: [side] }: FaultRunOptions): Promise<number> {
  if (side === undefined) throw new Error('there is no side to disturb');
  switch (fault) {
    case 'cut':
      side.sockets.cut();
      return Date.now() + cutMs;
    case 'lose':
      side.sockets.loseFrames(loseMs);
      return Date.now() + loseMs;
    case 'pause':
      return (await demoApi.pauseDelivery(side.userId)).ends_at;
    case 'kill': {
      const shardId = shardOf(side.client);
      if (shardId === undefined) throw new Error('no shard holds this tab at the moment');
      return (await demoApi.killShard(shardId)).back_at;
    }
  }
}

async function write({ sides, chatId, isWriting }: FaultRunOptions, signal: AbortSignal): Promise<void> {
  for (let number = 1; isWriting && number <= maxWritten && !signal.aborted; number += 1) {
    for (const { client, userId } of sides) client.chat(chatId).send({ text: `${userId} ${number}` });
    await pause(writeEveryMs, signal).catch(() => undefined);
  }
}

async function repaired(fault: FaultKind, { sides, chatId, signal, onState }: FaultRunOptions): Promise<FaultState> {
  const sinceMs = Date.now();
  for (;;) {
    const verdict = await verdictOf(sides, chatId);
    signal.throwIfAborted();
    const tookMs = Date.now() - sinceMs;
    if (verdict.kind === 'equal') return { kind: 'repaired', fault, tookMs, messages: verdict.messages };
    if (tookMs > repairLimitMs) return { kind: 'failed', fault, reason: verdict.reasons.join(', ') };
    onState({ kind: 'repairing', fault, sinceMs, reasons: verdict.reasons });
    await pause(compareEveryMs, signal);
  }
}

/** The sides as they are when the answer has come. */
export async function verdictOf(sides: readonly Side[], chatId: string): Promise<Verdict> {
  const stored = await readStored(sides[0]?.userId ?? '', chatId);
  return compare(
    stored,
    sides.map(({ userId, client }) => ({ userId, snapshot: client.chat(chatId).getSnapshot() })),
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = window.setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    const onAbort = () => {
      window.clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
