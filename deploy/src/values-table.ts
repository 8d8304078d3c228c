type Property = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Property>>;
};
type Row = { readonly path: string; readonly value: unknown; readonly description: string };

/** A secret's three fields are one row: the same sentence seventeen times over tells nobody anything. */
const secretFields = ['value', 'existingSecret', 'key'];

/** A part with a file of its own: files/slo.json. */
const asWhole = ['metrics.slo'];

/** The README's table: every value, its default from `values.yaml`, what it is for. Throws where a value has no description. */
export function valuesTable(schema: Property, defaults: unknown): string {
  const rows = rowsOf('', schema, defaults).map(
    ({ path, value, description }) => `| \`${path}\` | ${shown(value)} | ${description.replaceAll('|', '\\|')} |`,
  );
  return ['| value | default | for |', '|---|---|---|', ...rows].join('\n');
}

function rowsOf(path: string, property: Property, value: unknown): Row[] {
  const { properties, description = '' } = property;
  const names = Object.keys(properties ?? {});
  if (secretFields.every((name) => names.includes(name))) return [secretRow(path, properties ?? {}, value)];
  if (names.length > 0 && !asWhole.includes(path))
    return names.flatMap((name) => rowsOf(path === '' ? name : `${path}.${name}`, properties?.[name] ?? {}, fieldOf(value, name)));
  if (description === '' && !path.includes('resources')) throw new Error(`${path} has no description`);
  // What `values.yaml` leaves out has the default of its process.
  return [{ path, value: value ?? property.default, description }];
}

function secretRow(path: string, properties: Readonly<Record<string, Property>>, value: unknown): Row {
  const what = properties['existingSecret']?.description?.replace('The Secret that holds it: ', '') ?? '';
  const key = fieldOf(value, 'key');
  return { path, value: { existingSecret: '', key }, description: `${what} As \`existingSecret\` and \`key\`, or \`value\`.` };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function shown(value: unknown): string {
  if (value === undefined || value === '') return '–';
  return `\`${JSON.stringify(value).replaceAll('|', '\\|')}\``;
}
