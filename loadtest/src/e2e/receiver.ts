import { protocolVersion, ticketPrefix } from '@carillon/protocol';
import { WebSocket } from 'ws';

/** Told for each event frame: its chat and seq, and the intended time that its text carries. */
export type OnDelivery = (receiver: number, seq: number, intendedMs: number, receivedMs: number) => void;

const seqKey = Buffer.from('"seq":');
const markKey = Buffer.from('bench:');

/** Connects as a user and reads seq and intended time from the bytes, without parsing the frame. Resolves after `ready`. */
export function openReceiver(index: number, ticket: { url: string; ticket: string }, onDelivery: OnDelivery): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${ticket.url}/v1/ws`, [protocolVersion, `${ticketPrefix}${ticket.ticket}`], { perMessageDeflate: false });
    socket.once('error', reject);
    socket.on('message', (data: Buffer) => {
      const receivedMs = performance.now();
      const mark = data.indexOf(markKey);
      if (mark !== -1)
        onDelivery(index, numberAt(data, data.indexOf(seqKey) + seqKey.length), numberAt(data, mark + markKey.length), receivedMs);
      else if (data.includes('"ready"')) resolve(socket);
    });
  });
}

function numberAt(data: Buffer, start: number): number {
  let end = start;
  while (isNumeric(data[end] ?? 0)) end += 1;
  return Number(data.toString('latin1', start, end));
}

function isNumeric(byte: number): boolean {
  const [zero, nine, dot] = [48, 57, 46];
  return (byte >= zero && byte <= nine) || byte === dot;
}
