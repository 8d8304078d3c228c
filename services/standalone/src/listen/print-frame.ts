import type { ServerFrame } from '@carillon/protocol';
import { serverFrameSchema } from '@carillon/protocol';

/** A frame as a line for people: time, type, and what matters of it. User text is shown as JSON, so it cannot steer the terminal. */
export function frameLine(text: string, at: Date): string {
  const parsed = serverFrameSchema.safeParse(JSON.parse(text));
  const clock = at.toISOString().slice(11, 23);
  return parsed.success ? `${clock}  ${describe(parsed.data)}` : `${clock}  ${text}`;
}

function describe(frame: ServerFrame): string {
  switch (frame.type) {
    case 'ready':
      return `ready      ${frame.user_id} on ${frame.shard_id}`;
    case 'event':
      return `${frame.event}  chat ${frame.chat_id} seq ${frame.seq} by ${frame.actor_id}  ${JSON.stringify('message' in frame.data ? frame.data.message.text : frame.data)}`;
    case 'heartbeat':
      return `heartbeat  ${frame.sent} frames sent`;
    case 'watermark':
      return `watermark  chat ${frame.chat_id} seq ${frame.seq}`;
    case 'signal':
      return `signal     ${frame.user_id} read chat ${frame.chat_id} up to message ${frame.message_no}`;
    case 'resync':
    case 'reconnect':
      return `${frame.type.padEnd(10)} ${frame.reason}`;
    case 'authenticated':
      return `authenticated until ${frame.expires_at}`;
    case 'pong':
      return 'pong';
  }
}
