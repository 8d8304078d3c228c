import type { Metrics } from '@carillon/runtime';

/** `docs/reference/metrics.md` from the registries of the processes; Node's own metrics are left out. */
export function metricsReference(processes: readonly { readonly process: string; readonly metrics: Metrics }[]): string {
  const rows = new Map<string, { help: string; type: string; processes: string[] }>();
  for (const { process, metrics } of processes) {
    for (const { name, help, type } of metrics.catalogue()) {
      const row = rows.get(name) ?? { help, type, processes: [] };
      row.processes.push(process);
      rows.set(name, row);
    }
  }
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, row]) => `| \`${name}\` | ${row.type} | ${row.processes.join(', ')} | ${row.help} |`);
  return `# Metrics

Generated from the registries. Prometheus text at \`/metrics\` on the admin port; Node's own \`process_*\` and \`nodejs_*\` metrics are there too. No label ever holds
a user, chat or message id.

| metric | type | process | meaning |
|---|---|---|---|
${lines.join('\n')}
`;
}
