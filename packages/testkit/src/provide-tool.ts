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
import { provideGo } from './provision.ts';
import { toolsFolder } from './tools-folder.ts';

const run = promisify(execFile);
const list = fileURLToPath(new URL('../../../tools/tools.json', import.meta.url));

const toolSchema = z.strictObject({
  version: z.string(),
  does: z.string(),
  versionArguments: z.array(z.string()),
  goPackage: z.string(),
  goVersion: z.string(),
  goLinkFlags: z.string(),
});

type Tool = z.infer<typeof toolSchema>;

/**
 * The path of a program that `tools/tools.json` pins: found on the PATH at that version, else built once with `go install` and
 * kept in the tools folder. Throws StartError with one sentence when neither is possible.
 */
export async function provideTool(name: string, announce: Announce): Promise<string> {
  const tool = z.record(z.string(), toolSchema).parse(JSON.parse(readFileSync(list, 'utf8')))[name];
  if (tool === undefined) throw new Error(`${name} is not in tools/tools.json`);
  const found = findOnPath(name);
  if (found !== undefined && (await isOfVersion(found, tool))) return found;
  const built = join(toolsFolder(), `${name}-${tool.version}`);
  if (!existsSync(built)) await build(name, tool, built, announce);
  return built;
}

/** Into a folder of its own first: a program has its name only when it is complete. */
async function build(name: string, tool: Tool, path: string, announce: Announce): Promise<void> {
  const go = await provideGo(announce);
  const folder = mkdtempSync(join(toolsFolder(), `.${name}-`));
  announce(`building ${name} ${tool.version} with go install (once)`);
  try {
    const args = ['install', '-ldflags', tool.goLinkFlags, `${tool.goPackage}@${tool.goVersion}`];
    await run(go, args, { env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' }, timeout: 600_000, maxBuffer: 1 << 24 });
    const [program = ''] = readdirSync(folder);
    renameSync(join(folder, program), path);
  } catch (cause) {
    throw new StartError(`${name} ${tool.version} (${tool.does}) could not be built: check the network, or put it on the PATH`, { cause });
  } finally {
    removeFolder(folder);
  }
}

async function isOfVersion(program: string, tool: Tool): Promise<boolean> {
  try {
    const { stdout, stderr } = await run(program, tool.versionArguments);
    return `${stdout}${stderr}`.includes(tool.version);
  } catch {
    return false;
  }
}
