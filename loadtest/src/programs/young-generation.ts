/**
 * V8's flag for the young generation: as in production; small where memory for each connection is measured, because what a young
 * generation of 64 MB happens to have touched by then is more than a thousand connections take.
 */
export function youngGeneration(small = false): string {
  return `--max-semi-space-size=${small ? 1 : 64}`;
}
