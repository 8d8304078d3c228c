import { hostname } from 'node:os';
import { z } from 'zod';

type Row = {
  readonly name: string;
  readonly processes: Set<string>;
  readonly production: string;
  readonly development: string;
  readonly description: string;
};
type Schemas = { readonly process: string; readonly production: z.ZodObject; readonly development: z.ZodObject };

/** `docs/reference/config.md` from the processes' own schemas: every variable, its default in both modes, what it is for. */
export function configReference(schemas: readonly Schemas[]): string {
  const rows = new Map<string, Row>();
  for (const { process, production, development } of schemas) {
    for (const [name, field] of Object.entries(production.shape)) {
      const row = rows.get(name) ?? {
        name,
        processes: new Set(),
        production: defaultOf(field),
        development: defaultOf(development.shape[name]),
        description: describe(field),
      };
      row.processes.add(process);
      rows.set(name, row);
    }
  }
  const lines = [...rows.values()].map(
    (row) => `| \`${row.name}\` | ${[...row.processes].join(', ')} | ${row.production} | ${row.development} | ${row.description} |`,
  );
  return `# Configuration

Generated from the schemas of the processes. Environment variables only; an empty one counts as absent. All faults are told at once, by name, with exit
code 78. A process is in production mode unless \`NODE_ENV\` is \`development\` or \`test\`.

| variable | process | production | development | for |
|---|---|---|---|---|
${lines.join('\n')}
`;
}

function describe(field: unknown): string {
  return field instanceof z.ZodType ? (field.description ?? '') : '';
}

/** The parsed value of an absent variable; what fails without a value is required. */
function defaultOf(field: unknown): string {
  if (!(field instanceof z.ZodType)) return '';
  const result = field.safeParse(undefined);
  if (!result.success) return 'required';
  if (result.data === undefined) return '–';
  return result.data === hostname() ? 'host name' : `\`${JSON.stringify(result.data)}\``;
}
