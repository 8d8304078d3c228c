/** `"at":"` cannot stand inside a JSON string, where its quotes are escaped: the first one is the event's own. */
const marker = Buffer.from('"at":"');
const timeLength = '2026-01-01T00:00:00.000Z'.length;
/** Type, event, chat, seq and actor come before it. */
const searchedBytes = 512;

/**
 * When an event was committed, read off its frame without parsing it; 0 for a frame that does not say. For the few frames
 * whose way is measured.
 */
export function committedAtMs(value: Buffer): number {
  const head = value.subarray(0, searchedBytes);
  const start = head.indexOf(marker);
  if (start < 0) return 0;
  const from = start + marker.length;
  const timeMs = Date.parse(head.toString('latin1', from, from + timeLength));
  return Number.isNaN(timeMs) ? 0 : timeMs;
}
