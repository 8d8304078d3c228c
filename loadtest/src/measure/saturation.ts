import type { LoadServer, Work } from '../programs/load-server.ts';
import type { Received, Receiver } from '../programs/receiver.ts';
import { calibrate, calibrationFaults, deliveryFaults, pressureFaults, readPressure, receiverFaults, saturationFaults } from './gates.ts';

/** A server and the client that is connected to it. */
export type Pair = { readonly server: LoadServer; readonly receiver: Receiver };

/** What the interleaved runs of all servers gave, and why they may count for nothing. */
export type SaturationRuns = {
  readonly works: readonly Work[][];
  readonly faults: readonly string[];
  readonly calibrationMs: readonly number[];
};

/**
 * A B C A B C …: every server sends the same messages `times` times, as fast as it can; the next run begins when every message of
 * the last one was received. The first turn of each is a warm-up and counts for nothing.
 */
export async function runInterleaved(
  pairs: readonly Pair[],
  load: { times: number; rounds: number; burst: number },
  announce: (text: string) => void,
): Promise<SaturationRuns> {
  const faults = [...pressureFaults(readPressure())];
  const works: Work[][] = pairs.map(() => []);
  const received: Received[] = [];
  const calibrationMs: number[] = [];
  for (let time = 0; time <= load.times; time += 1) {
    const line: string[] = [];
    if (time > 0) calibrationMs.push(calibrate());
    for (const [index, { server, receiver }] of pairs.entries()) {
      const run = await runOnce({ server, receiver }, load);
      faults.push(...deliveryFaults(server.name, run.work.messages, run.received));
      line.push(`${server.name} ${perMessage(run.work).toFixed(2)}`);
      if (time === 0) continue;
      works[index]?.push(run.work);
      received.push(run.received);
    }
    announce(`${time === 0 ? 'warm-up' : `run ${time} of ${load.times}`}: ${line.join(', ')} µs/message`);
  }
  for (const [index, { server }] of pairs.entries()) faults.push(...saturationFaults(server.name, works[index] ?? []));
  faults.push(...calibrationFaults(calibrationMs), ...receiverFaults(received));
  return { works, faults, calibrationMs };
}

async function runOnce(
  { server, receiver }: Pair,
  { rounds, burst }: { rounds: number; burst: number },
): Promise<{ work: Work; received: Received }> {
  await receiver.reset();
  const work = await server.run(rounds, burst);
  return { work, received: await receiver.received(work.messages) };
}

/** How far the server coalesced, over all runs. */
export function framesPerWrite(works: readonly Work[]): string {
  const sum = (of: (work: Work) => number) => works.reduce((total, work) => total + of(work), 0);
  return `${(sum(({ messages }) => messages) / sum(({ writes }) => writes)).toFixed(2)} frames per write`;
}

export function perMessage({ cpuUs, messages }: Work): number {
  return cpuUs / messages;
}
