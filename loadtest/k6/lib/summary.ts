type Metric = {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
};
type Data = { readonly metrics: Readonly<Record<string, Metric>> };

/** k6's own end: the whole data to LOAD_SUMMARY where a runner waits for it, else what matters as text. */
export function handleSummary(data: Data): Record<string, string> {
  const file = __ENV['LOAD_SUMMARY'];
  return file === undefined ? { stdout: textOf(data) } : { [file]: JSON.stringify(data) };
}

function textOf({ metrics }: Data): string {
  const lines = Object.entries(metrics).map(([name, { values, thresholds }]) => {
    const failed = Object.entries(thresholds ?? {}).filter(([, { ok }]) => !ok);
    const numbers = Object.entries(values).map(([key, value]) => `${key}=${Number(value.toFixed(2))}`);
    return `${failed.length > 0 ? '✘' : ' '} ${name.padEnd(42)} ${numbers.join(' ')}${failed.map(([limit]) => `  FAILED ${limit}`).join('')}`;
  });
  return `${lines.sort().join('\n')}\n`;
}
