import { EventLogError, type EventLogWriter, type LogRecord } from '@carillon/event-log';

/** What becomes of one append: kept, refused, failed with nothing or a part of it kept. */
export type Verdict = 'ok' | 'lost' | 'in part' | 'too large';

/** A log whose appends end as a test says; what it keeps, it keeps in order. */
export class ScriptedWriter implements EventLogWriter {
  readonly partitionCount: number;
  readonly kept: LogRecord[] = [];
  /** The records of each append, whatever became of it. */
  readonly appends: (readonly LogRecord[])[] = [];
  judge: (records: readonly LogRecord[]) => Verdict | Promise<Verdict> = () => 'ok';
  inFlight = 0;
  mostInFlight = 0;

  constructor(partitionCount = 8) {
    this.partitionCount = partitionCount;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  isOpen(): boolean {
    return true;
  }

  async append(records: readonly LogRecord[]): Promise<void> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    this.appends.push(records);
    try {
      const verdict = await this.judge(records);
      if (verdict === 'ok') this.kept.push(...records);
      if (verdict === 'in part') this.kept.push(...records.filter(({ partition }) => partition % 2 === 0));
      if (verdict !== 'ok') throw new EventLogError(verdict, { tooLarge: verdict === 'too large' });
    } finally {
      this.inFlight -= 1;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
