import type { LoadServer, Work } from '../programs/load-server.ts';
import type { Received, Receiver } from '../programs/receiver.ts';
import { deliveryFaults, receiverFaults, saturationFaults } from './gates.ts';
import { validRuns } from './valid-runs.ts';

/** A server and the client that is connected to it. */
export type Pair = { readonly server: LoadServer; readonly receiver: Receiver };

/** What the valid runs of each server gave, and why they may count for nothing. */
export type SaturationRuns = {
  readonly works: readonly (readonly Work[])[];
  readonly faults: readonly string[];
  readonly repeated: number;
};

type Outcome = { readonly name: string; readonly work: Work; readonly received: Received };

/** Until the rings of recent records are full and V8 has settled: 0.5 million messages of each server. */
const warmUps = 4;

/**
 * A B C A B C …: every server sends the same messages, as fast as it can; the next one begins when every message of the last one was
 * received.
 */
export async function runInterleaved(
  pairs: readonly Pair[],
  load: { times: number; rounds: number; burst: number },
  announce: (text: string) => void,
): Promise<SaturationRuns> {
  const { runs, faults, repeated } = await validRuns<readonly Outcome[]>({
    ...{ times: load.times, warmUps, announce },
    run: () => runAll(pairs, load),
    disturbances: (outcomes) =>
      outcomes.flatMap(({ name, work, received }) => [...saturationFaults(name, [work]), ...receiverFaults([received])]),
    errors: (outcomes) => outcomes.flatMap(({ name, work, received }) => deliveryFaults(name, work.messages, received)),
    describe: (outcomes) => `${outcomes.map(({ name, work }) => `${name} ${perMessage(work).toFixed(2)}`).join(', ')} µs/message`,
  });
  const works = pairs.map((_, index) => runs.flatMap((outcomes) => outcomes[index]?.work ?? []));
  return { works, faults, repeated };
}

async function runAll(pairs: readonly Pair[], load: { rounds: number; burst: number }): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const pair of pairs) outcomes.push({ name: pair.server.name, ...(await runOnce(pair, load)) });
  return outcomes;
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
