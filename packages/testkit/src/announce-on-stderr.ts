/** Tells a long step on stderr, where a test run's or launcher's other messages go too. */
export function announceOnStderr(line: string): void {
  process.stderr.write(`carillon: ${line}\n`);
}
