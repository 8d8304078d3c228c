import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '@carillon/runtime';
import { type Announce, aptInstall, canInstall } from './apt.ts';
import { findOnPath } from './find-on-path.ts';

/** Programs that tests need: found, else installed with apt where that is possible, else one sentence says what to install. */

const run = promisify(execFile);
const oldestJava = 17;

export function provideRedisServer(announce: Announce): Promise<string> {
  return provide({ program: 'redis-server', packages: ['redis-server'], sentence: 'Redis 7 or later (redis-server)' }, announce);
}

export function provideMaven(announce: Announce): Promise<string> {
  return provide({ program: 'mvn', packages: ['maven'], sentence: 'Maven (mvn)' }, announce);
}

/** A browser that playwright-core can drive: CHROMIUM, else one that is installed. */
export async function provideChromium(announce: Announce): Promise<string> {
  const named =
    process.env['CHROMIUM'] ?? ['chromium', 'chromium-browser', 'google-chrome'].map(findOnPath).find((path) => path !== undefined);
  return named ?? provide({ program: 'chromium', packages: ['chromium', 'chromium-browser'], sentence: 'Chromium (chromium)' }, announce);
}

/** The Go compiler, which builds the programs of `tools/tools.json`. */
export function provideGo(announce: Announce): Promise<string> {
  return provide({ program: 'go', packages: ['golang-go'], sentence: 'Go 1.18 or later (go)' }, announce);
}

/** The C compiler with its headers, for the benchmarks' native programs. */
export function provideGcc(announce: Announce): Promise<string> {
  return provide({ program: 'gcc', packages: ['build-essential'], sentence: 'A C compiler (gcc)' }, announce);
}

/** A Python with pip, which installs the packages of `tools/tools.json`. */
export async function providePip(announce: Announce): Promise<string> {
  const found = await findPip();
  if (found !== undefined) return found;
  if (canInstall()) await aptInstall(['python3-pip'], announce);
  const installed = await findPip();
  if (installed !== undefined) return installed;
  throw new StartError('Python 3 with pip is needed: install the package python3-pip');
}

async function findPip(): Promise<string | undefined> {
  const python = findOnPath('python3');
  if (python === undefined) return undefined;
  return run(python, ['-m', 'pip', '--version']).then(
    () => python,
    () => undefined,
  );
}

/** Java 17 or later, from JAVA_HOME or the PATH. */
export async function provideJava(announce: Announce): Promise<string> {
  const found = await findJava();
  if (found !== undefined) return found;
  if (canInstall()) await aptInstall(['openjdk-17-jre-headless', 'openjdk-21-jre-headless', 'openjdk-25-jre-headless'], announce);
  const installed = await findJava();
  if (installed !== undefined) return installed;
  throw new StartError(`Java ${oldestJava} or later is needed to run Apache Kafka: install it, or set KAFKA_BROKERS to a running Kafka`);
}

async function provide(tool: { program: string; packages: string[]; sentence: string }, announce: Announce): Promise<string> {
  const found = findOnPath(tool.program);
  if (found !== undefined) return found;
  if (canInstall()) await aptInstall(tool.packages, announce);
  const installed = findOnPath(tool.program);
  if (installed !== undefined) return installed;
  throw new StartError(`${tool.sentence} is needed: install the package ${tool.packages[0]}`);
}

async function findJava(): Promise<string | undefined> {
  const home = process.env['JAVA_HOME'];
  const debian = [17, 21, 25].map((version) => `/usr/lib/jvm/java-${version}-openjdk-amd64/bin/java`);
  const candidates = [home === undefined ? undefined : join(home, 'bin', 'java'), findOnPath('java'), ...debian];
  for (const java of candidates) {
    if (java !== undefined && (await javaVersion(java)) >= oldestJava) return java;
  }
  return undefined;
}

/** The major version; 0 when the program does not run. */
async function javaVersion(java: string): Promise<number> {
  try {
    const { stderr } = await run(java, ['-version']);
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
