// `npm run spec`: every rule of docs/SPEC.md has a test whose name starts with its id, and every id in a test name has a rule.
// Rules of parts that are not built yet stand in the section «Not yet proven» of SPEC.md, with the part that will prove them.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const spec = readFileSync(`${root}/docs/SPEC.md`, 'utf8');
const [provenPart = '', laterPart = ''] = spec.split('## Not yet proven');
const rules = idsOf(provenPart, /^- \*\*([A-Z]+\d+)\*\*/gm);
const later = idsOf(laterPart, /^- \*\*([A-Z]+\d+)\*\*/gm);
const cited = new Map<string, string>();
for (const file of testFiles(root)) {
  for (const title of readFileSync(file, 'utf8').matchAll(
    /(?:test|it|describe)(?:\.\w+)*(?:\([^'"`]*\))?\(\s*['"`]((?:\[[A-Z]+\d+\]\s*)+)/g,
  )) {
    for (const id of (title[1] ?? '').matchAll(/[A-Z]+\d+/g)) cited.set(id[0], file.slice(root.length));
  }
}

const faults = [
  ...rules.filter((id) => !cited.has(id)).map((id) => `${id} has no test`),
  ...later.filter((id) => cited.has(id)).map((id) => `${id} stands under «Not yet proven», but ${cited.get(id)} proves it`),
  ...[...cited].filter(([id]) => !rules.includes(id) && !later.includes(id)).map(([id, file]) => `${file} cites ${id}, which is no rule`),
  ...rules.filter((id, index) => [...rules, ...later].lastIndexOf(id) !== index).map((id) => `${id} stands twice`),
];
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`${rules.length} rules with tests, ${later.length} not yet proven, ${faults.length} faults\n`);
process.exit(faults.length === 0 ? 0 : 1);

function idsOf(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder.replace(/\/$/, '')}/${entry.name}`;
    if (entry.isDirectory()) return ['node_modules', 'dist', '.git'].includes(entry.name) ? [] : testFiles(path);
    return /\.(test|contract)\.ts$/.test(entry.name) ? [path] : [];
  });
}
