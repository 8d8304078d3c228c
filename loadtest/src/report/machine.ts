import { cpus, release, totalmem } from 'node:os';

/** What the figures were measured on. */
export function describeMachine() {
  const all = cpus();
  return {
    node: process.version,
    kernel: release(),
    cores: all.length,
    cpu: all[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}
