import { useCallback } from 'react';
import { Icon } from '../ui/icon.tsx';
import type { Verdict } from './comparison.ts';
import { verdictOf } from './fault-run.ts';
import type { Side } from './side.ts';
import { type Polled, usePolled } from './use-polled.ts';
import './verdict-line.css';

const everyMs = 700;

/** Whether all sides show what is in Postgres, now. */
export function VerdictLine({ sides, chatId }: { readonly sides: readonly Side[]; readonly chatId: string }) {
  const verdict = usePolled(
    useCallback(() => verdictOf(sides, chatId), [sides, chatId]),
    everyMs,
  );
  const isEqual = verdict.error === undefined && verdict.value?.kind === 'equal';
  return (
    <p className={isEqual ? 'verdict verdict--equal' : 'verdict'}>
      <Icon name={isEqual ? 'check' : 'clock'} />
      <span>{textOf(verdict, sides)}</span>
    </p>
  );
}

function textOf({ value, error }: Polled<Verdict>, sides: readonly Side[]): string {
  if (error !== undefined) return `Postgres cannot be asked: ${error}`;
  if (value === undefined) return 'Comparing …';
  if (value.kind === 'different') return value.reasons.join(', ');
  return sides.length > 1 ? 'Both sides equal Postgres' : 'This tab equals Postgres';
}
