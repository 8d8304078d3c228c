import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Copy, DockerfileParser, type From, type Instruction } from 'dockerfile-ast';

type Stage = { readonly folder: string; workdir: string; readonly env: Record<string, string> };

type BuildOptions = {
  readonly dockerfile: string;
  /** Files of the build context, relative to `context`: what an engine would be sent. */
  readonly context: string;
  readonly files: readonly string[];
  /** Where stages are built, empty. */
  readonly scratch: string;
  /** A folder that stands for what `ADD` would fetch from this address. */
  readonly fetched: (address: string) => string;
  readonly announce: (line: string) => void;
};

/**
 * Runs a Dockerfile's own instructions in folders, on this machine's Node, where no engine is: each stage a folder, `COPY` between them,
 * `RUN` in them. What it cannot show: the base image, its user, the isolation. Returns the last stage's working folder.
 */
export function buildImage(options: BuildOptions): string {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const instruction of DockerfileParser.parse(options.dockerfile).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') stage = startStage(instruction as From, stages, options);
    else if (stage !== undefined) follow(instruction, stage, stages, options);
  }
  if (stage === undefined) throw new Error('the Dockerfile has no stage');
  return join(stage.folder, stage.workdir);
}

/** A stage on another one goes on from a copy of it; on an image, from nothing. */
function startStage(from: From, stages: Map<string, Stage>, { scratch, announce }: BuildOptions): Stage {
  const name = from.getBuildStage() ?? String(stages.size);
  const base = stages.get(from.getImage() ?? '');
  const folder = join(scratch, name);
  mkdirSync(folder);
  announce(`stage ${name}`);
  if (base !== undefined) cpSync(base.folder, folder, { recursive: true, verbatimSymlinks: true });
  const stage = { folder, workdir: base?.workdir ?? '/', env: { ...base?.env } };
  stages.set(name, stage);
  return stage;
}

function follow(instruction: Instruction, stage: Stage, stages: Map<string, Stage>, options: BuildOptions): void {
  const text = instruction.getArgumentsContent() ?? '';
  switch (instruction.getKeyword()) {
    case 'WORKDIR':
      stage.workdir = text;
      mkdirSync(join(stage.folder, text), { recursive: true });
      return;
    case 'ENV':
    case 'ARG': {
      const [, name = '', value = ''] = /^(\w+)=?"?(.*?)"?$/.exec(text) ?? [];
      stage.env[name] = value;
      return;
    }
    case 'COPY':
      copy(instruction as Copy, stage, stages, options);
      return;
    case 'ADD': {
      const [address = '', target = ''] = instruction.getArguments().map((argument) => argument.getValue());
      cpSync(options.fetched(address), join(stage.folder, stage.workdir, target), { recursive: true });
      return;
    }
    case 'RUN':
      run(instruction.getRawArgumentsContent() ?? '', stage, options);
      return;
    default: // of the finished image: USER, LABEL, EXPOSE, ENTRYPOINT, …
  }
}

function copy(instruction: Copy, stage: Stage, stages: Map<string, Stage>, { context, files }: BuildOptions): void {
  const paths = instruction.getArguments().map((argument) => argument.getValue());
  const target = resolve(join(stage.folder, stage.workdir), paths.pop() ?? '.');
  const from = stages.get(instruction.getFromFlag()?.getValue() ?? '');
  for (const path of paths) {
    if (from !== undefined) copyPath(join(from.folder, path), target);
    else for (const file of files.filter((one) => one === path || one.startsWith(`${path}/`))) copyFile(context, file, path, target);
  }
}

/** As Docker does: a folder's content, a file into a folder. */
function copyPath(source: string, target: string): void {
  const isIntoFolder = statSync(source).isFile() && existsSync(target) && statSync(target).isDirectory();
  cpSync(source, isIntoFolder ? join(target, basename(source)) : target, { recursive: true, verbatimSymlinks: true });
}

function copyFile(context: string, file: string, path: string, target: string): void {
  const inner = file === path ? basename(file) : file.slice(path.length + 1);
  cpSync(join(context, file), join(target, inner), { recursive: true });
}

function run(command: string, stage: Stage, { announce }: BuildOptions): void {
  const script = command.replaceAll(/\\\r?\n/g, ' ');
  announce(`  ${script.replaceAll(/\s+/g, ' ').slice(0, 120)}`);
  const env = { ...process.env, ...stage.env, NODE_OPTIONS: '' };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd: join(stage.folder, stage.workdir), env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`RUN ${script}\nended with ${status}\n${stdout}${stderr}`);
}

/** Bytes of a folder and all in it. */
export function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sizeOf(path);
      return entry.isFile() ? statSync(path).size : 0;
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}
