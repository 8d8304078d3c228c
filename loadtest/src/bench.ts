import type { Row } from './measure/row.ts';

/** What a bench gets from who runs it. */
export type BenchContext = {
  /** A line of progress for people. */
  readonly announce: (text: string) => void;
  /** Overrides of the e2e bench's load, from flags. */
  readonly e2e: Readonly<Partial<Record<'rate' | 'recipients' | 'chats' | 'seconds', number>>>;
};

/** What a bench found: the rows of the table, and figures beside them for the JSON file. */
export type BenchResult = { readonly rows: readonly Row[]; readonly details: Readonly<Record<string, unknown>> };

/**
 * One scenario. `run` starts what it needs and leaves nothing behind, also when it fails; a measurement whose conditions were
 * not met comes back as a row with faults, never as an error.
 */
export type Bench = {
  readonly name: string;
  readonly description: string;
  run(context: BenchContext): Promise<BenchResult>;
};
