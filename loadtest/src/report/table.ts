import { median, type Row, reachesAim, verdictOf } from '../measure/row.ts';

const heads = ['bench', 'measured: median (min–max)', 'must reach', 'aim', 'verdict'];

/** The rows for people. A value that counts for nothing is still shown, beside the reasons. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [heads, ...rows.map(cellsOf)];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return [...lines, ...remarksOf(rows)].join('\n');
}

function cellsOf(row: Row): string[] {
  const { mustReach, aim, direction } = row.goal;
  const sign = direction === 'atMost' ? '≤' : '≥';
  return [row.label, measured(row), `${sign} ${withUnit(mustReach, row.unit)}`, withUnit(aim, row.unit), verdictCell(row)];
}

function measured({ samples, unit }: Row): string {
  const middle = withUnit(median(samples), unit);
  return samples.length < 2 ? middle : `${middle} (${rounded(Math.min(...samples))}–${rounded(Math.max(...samples))})`;
}

function verdictCell(row: Row): string {
  return reachesAim(row) ? 'reached, aim too' : verdictOf(row);
}

/** Rows of one bench mostly share their faults: each is told once. */
function remarksOf(rows: readonly Row[]): string[] {
  const remarks = rows.flatMap((row) => {
    const bench = row.label.split(':')[0] ?? '';
    return [
      ...(row.note === undefined ? [] : [`  ${row.label}: ${row.note}`]),
      ...row.faults.map((fault) => `  ${bench} INVALID: ${fault}`),
    ];
  });
  return [...new Set(remarks)];
}

function withUnit(value: number, unit: string): string {
  return `${rounded(value)} ${unit}`;
}

function rounded(value: number): string {
  return Number.isFinite(value) ? value.toFixed(Math.abs(value) < 100 ? 2 : 0).replace(/\.00$/, '') : '–';
}
