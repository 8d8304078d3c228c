import type { Failpoint, Logger } from '@carillon/runtime';
import type { EachBatchPayload } from 'kafkajs';
import type { PartitionReading } from './partition-reading.ts';

/** kafkajs's commit without its retries: after a rejoin these would commit what is no longer ours, under the new generation (#1046). */
type CommitOnce = EachBatchPayload['commitOffsetsIfNecessary'];

type OffsetCommitsOptions = { readonly topic: string; readonly logger: Logger; readonly failpoint?: Failpoint | undefined };

/**
 * Commits the lowest unfinished offsets of the current assignment, one request at a time for all partitions that moved. kafkajs
 * sends the generation of that moment along, and the broker refuses an older one [D9]. A commit that fails is covered by the next.
 * Bound: one request in flight, which ends with kafkajs's request time limit (10 s).
 */
export class OffsetCommits {
  readonly #options: OffsetCommitsOptions;
  #readings: ReadonlyMap<number, PartitionReading> = new Map();
  #commitOnce: CommitOnce | undefined;
  #inFlight: Promise<void> | undefined;

  constructor(options: OffsetCommitsOptions) {
    this.#options = options;
  }

  /** A new assignment: nothing of the old one is committed any more. */
  assign(readings: ReadonlyMap<number, PartitionReading>): void {
    this.#readings = readings;
    this.#commitOnce = undefined;
  }

  /** What commits for this assignment: comes with its first batch, before which there is nothing to commit. */
  commitBy(commitOnce: CommitOnce): void {
    this.#commitOnce = commitOnce;
  }

  /** Never rejects. While a commit is in flight this is that one. */
  commit(): Promise<void> {
    this.#inFlight ??= this.#commit().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  /** Also what was finished while a commit was in flight. */
  async commitAll(): Promise<void> {
    await this.#inFlight;
    await this.commit();
  }

  async #commit(): Promise<void> {
    const commitOnce = this.#commitOnce;
    const moved = Array.from(this.#readings, ([partition, reading]) => ({ partition, reading, offset: reading.toCommit() }));
    const partitions = moved.flatMap(({ partition, offset }) => (offset === undefined ? [] : [{ partition, offset: String(offset) }]));
    if (commitOnce === undefined || partitions.length === 0) return;
    try {
      await this.#options.failpoint?.('shard.before_commit_offset');
      await commitOnce({ topics: [{ topic: this.#options.topic, partitions }] });
      for (const { reading, offset } of moved) if (offset !== undefined) reading.committed(offset);
    } catch (err) {
      this.#options.logger.debug({ err }, 'offsets not committed, the next commit covers them');
    }
  }
}
