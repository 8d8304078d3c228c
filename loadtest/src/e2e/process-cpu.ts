import { readFileSync } from 'node:fs';

const clockTicksPerSecond = 100;

/** CPU seconds (user and system) that a process has used so far, from Linux's /proc; 0 once it is gone. */
export function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
  } catch (_gone) {
    return 0;
  }
}
