import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { StartError } from '@carillon/runtime';
import { z } from 'zod';
import type { Announce } from './apt.ts';
import { findOnPath } from './find-on-path.ts';
import { removeFolder } from './process-cleanup.ts';
import { provideGo, providePip } from './provision.ts';
import { toolsFolder } from './tools-folder.ts';

const run = promisify(execFile);
const list = fileURLToPath(new URL('../../../tools/tools.json', import.meta.url));
const buildMs = 600_000;

const goTool = z.strictObject({
  version: z.string(),
  does: z.string(),
  versionArguments: z.array(z.string()),
  goPackage: z.string(),
  goVersion: z.string(),
  goLinkFlags: z.string(),
});

/** A Python package and what it needs, as a folder for PYTHONPATH. */
const pipTool = z.strictObject({ version: z.string(), does: z.string(), pipPackage: z.string() });

/** A program out of a Debian package that is not installed: the distribution's version, whichever that is. */
const debTool = z.strictObject({ does: z.string(), versionArguments: z.array(z.string()), debPackage: z.string(), debProgram: z.string() });

const toolSchema = z.union([goTool, pipTool, debTool]);
type Tool = z.infer<typeof toolSchema>;

/**
 * The path of a program (of a Python package: of its folder) that `tools/tools.json` pins: found on the PATH at that version, else made
 * once, with `go install`, `pip` or from a Debian package, and kept in the tools folder. Throws StartError with one sentence when neither
 * is possible.
 */
export async function provideTool(name: string, announce: Announce): Promise<string> {
  const tool = z.record(z.string(), toolSchema).parse(JSON.parse(readFileSync(list, 'utf8')))[name];
  if (tool === undefined) throw new Error(`${name} is not in tools/tools.json`);
  const found = findOnPath(name);
  if (found !== undefined && (await isOfVersion(found, tool))) return found;
  const made = join(toolsFolder(), `${name}-${versionOf(tool)}`);
  if (!existsSync(made)) await make(name, tool, made, announce);
  return made;
}

function versionOf(tool: Tool): string {
  return 'version' in tool ? tool.version : 'debian';
}

/** In a folder of its own first: a tool has its name only when it is complete. */
async function make(name: string, tool: Tool, path: string, announce: Announce): Promise<void> {
  const folder = mkdtempSync(join(toolsFolder(), `.${name}-`));
  try {
    renameSync(await makeIn(folder, name, tool, announce), path);
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError(`${name} (${tool.does}) could not be made: check the network, or put it on the PATH`, { cause });
  } finally {
    removeFolder(folder);
  }
}

function makeIn(folder: string, name: string, tool: Tool, announce: Announce): Promise<string> {
  if ('goPackage' in tool) return build(folder, name, tool, announce);
  return 'pipPackage' in tool ? installPackage(folder, tool, announce) : unpack(folder, tool, announce);
}

/**
 * The compiler collects garbage less often, and needs no C. helm3 and helm4 are pinned to releases with the same Kubernetes libraries:
 * the second one finds them compiled. Together that halves what a new machine spends.
 */
const buildEnv = { GOFLAGS: '-mod=mod', GOGC: '400', CGO_ENABLED: '0' };

async function build(folder: string, name: string, tool: z.infer<typeof goTool>, announce: Announce): Promise<string> {
  const go = await provideGo(announce);
  announce(`building ${name} ${tool.version} with go install (once)`);
  const args = ['install', '-ldflags', tool.goLinkFlags, `${tool.goPackage}@${tool.goVersion}`];
  await run(go, args, { env: { ...process.env, ...buildEnv, GOBIN: folder }, timeout: buildMs, maxBuffer: 1 << 24 });
  const [program = ''] = readdirSync(folder);
  return join(folder, program);
}

async function installPackage(folder: string, { pipPackage, version }: z.infer<typeof pipTool>, announce: Announce): Promise<string> {
  const python = await providePip(announce);
  announce(`installing ${pipPackage} ${version} with pip (once)`);
  const target = join(folder, 'packages');
  await run(python, ['-m', 'pip', 'install', '--quiet', '--target', target, `${pipPackage}==${version}`], { timeout: buildMs });
  return target;
}

async function unpack(folder: string, { debPackage, debProgram }: z.infer<typeof debTool>, announce: Announce): Promise<string> {
  if (findOnPath('apt-get') === undefined) throw new Error('there is no apt-get');
  announce(`unpacking ${debProgram} of the package ${debPackage} (once)`);
  const download = () => run('apt-get', ['download', debPackage], { cwd: folder, timeout: buildMs });
  await download().catch(async () => {
    await run('apt-get', ['update'], { timeout: buildMs, maxBuffer: 1 << 26 });
    await download();
  });
  const [archive = ''] = readdirSync(folder);
  await run('dpkg-deb', ['-x', archive, '.'], { cwd: folder });
  return join(folder, debProgram);
}

async function isOfVersion(program: string, tool: Tool): Promise<boolean> {
  if (!('versionArguments' in tool)) return false;
  try {
    const { stdout, stderr } = await run(program, tool.versionArguments);
    return `${stdout}${stderr}`.includes('version' in tool ? tool.version : 'version');
  } catch {
    return false;
  }
}
