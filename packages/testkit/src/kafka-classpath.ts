import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { StartError } from '@carillon/runtime';
import type { Announce } from './apt.ts';
import { provideMaven } from './provision.ts';
import { toolsFolder } from './tools-folder.ts';

const run = promisify(execFile);
const pom = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));

/**
 * The class path of Apache Kafka as `kafka/pom.xml` pins it. Maven resolves it once per user and pom: the jars stay in ~/.m2,
 * the list of them in the tools folder (CARILLON_TOOLS_DIR), so that a fresh clone resolves nothing again.
 */
export async function kafkaClasspath(announce: Announce): Promise<string> {
  const file = join(toolsFolder(), `kafka-${fingerprint(pom)}.classpath`);
  if (isComplete(file)) return readFileSync(file, 'utf8').trim();
  const maven = await provideMaven(announce);
  announce('fetching Apache Kafka with Maven (43 MB, once)');
  const unfinished = `${file}.${process.pid}`;
  await resolve(maven, unfinished);
  renameSync(unfinished, file);
  return readFileSync(file, 'utf8').trim();
}

async function resolve(maven: string, outputFile: string): Promise<void> {
  const goals = ['dependency:build-classpath', `-Dmdep.outputFile=${outputFile}`, '-Dmdep.includeScope=runtime'];
  try {
    await run(maven, ['-q', '-B', '-f', pom, ...goals], { maxBuffer: 1 << 24, timeout: 300_000 });
  } catch (cause) {
    throw new StartError('Maven could not fetch Apache Kafka: check the network, or set KAFKA_BROKERS to a running Kafka', { cause });
  }
}

function fingerprint(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
}

function isComplete(file: string): boolean {
  return existsSync(file) && readFileSync(file, 'utf8').trim().split(delimiter).every(existsSync);
}
