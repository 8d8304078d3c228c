/** Bytes of every measured message: what a short chat message with its envelope has. */
export const messageBytes = 300;

const head =
  '{"type":"event","event":"message.created","chat_id":"01890000-0000-7000-8000-000000000001","at":"2026-01-01T00:00:00.000Z","data":{"bench":"';
const recipientDigits = 7;
const seqDigits = 9;
const dueDigits = 19;
const tail = '"}}';
const template = Buffer.from(
  `${head}${'0'.repeat(recipientDigits)} ${'0'.repeat(seqDigits)} ${'0'.repeat(dueDigits)}","text":"`
    .padEnd(messageBytes - tail.length, 'x')
    .concat(tail),
);

/**
 * Writes one message at `offset`: valid JSON of `messageBytes` bytes that says who it is for, its seq for that recipient (from 1),
 * and when it was due by the machine's monotonic clock (0 when its latency is not measured).
 */
export function writeMessage(target: Buffer, offset: number, recipient: number, seq: number, dueNs: bigint): void {
  template.copy(target, offset);
  const recipientAt = offset + head.length;
  const seqAt = recipientAt + recipientDigits + 1;
  writeDigits(target, recipientAt, recipientDigits, recipient);
  writeDigits(target, seqAt, seqDigits, seq);
  if (dueNs > 0n) target.write(String(dueNs).padStart(dueDigits, '0'), seqAt + seqDigits + 1, 'latin1');
}

function writeDigits(target: Buffer, offset: number, digits: number, value: number): void {
  let rest = value;
  for (let at = offset + digits - 1; rest > 0 && at >= offset; at -= 1) {
    target[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
