import { type CloseName, clientFrameSchema } from '@carillon/protocol';
import { unreachable } from '@carillon/runtime';
import type { Connection } from './connection.ts';

/** Contract: larger frames end the connection with 1009. */
const maxFrameBytes = 16 * 1024;
const knownTypes: ReadonlySet<string> = new Set(clientFrameSchema.options.map((option) => option.shape.type.value));
const utf8 = new TextDecoder();

type FrameHandlerParts = {
  /** A frame of a type that this version does not know. */
  readonly countIgnored: () => void;
  readonly nowMs: () => number;
  readonly authenticate: (connection: Connection, token: string) => void;
};

/**
 * Answers one client frame. What no client of ours sends closes the connection [P4]; what a newer one may send is ignored and
 * counted. The transport has checked that text is UTF-8.
 */
export function handleFrame(connection: Connection, data: ArrayBuffer, isBinary: boolean, parts: FrameHandlerParts): void {
  const fault = answerFrame(connection, data, isBinary, parts);
  if (fault !== undefined) connection.close(fault);
}

function answerFrame(connection: Connection, data: ArrayBuffer, isBinary: boolean, parts: FrameHandlerParts): CloseName | undefined {
  if (data.byteLength > maxFrameBytes) return 'message_too_big';
  if (isBinary || !connection.takeFrame(parts.nowMs())) return 'protocol_violation';
  const json = parseObject(utf8.decode(data));
  if (json === undefined || typeof json.type !== 'string') return 'protocol_violation';
  if (knownTypes.has(json.type)) return answerKnown(connection, json, parts);
  parts.countIgnored();
  return undefined;
}

function answerKnown(connection: Connection, json: object, parts: FrameHandlerParts): CloseName | undefined {
  const frame = clientFrameSchema.safeParse(json);
  if (!frame.success) return 'protocol_violation';
  switch (frame.data.type) {
    case 'ping':
      connection.send({ type: 'pong', ...(frame.data.id === undefined ? {} : { id: frame.data.id }) });
      return undefined;
    case 'auth':
      parts.authenticate(connection, frame.data.token);
      return undefined;
    default:
      return unreachable(frame.data);
  }
}

function parseObject(text: string): { type?: unknown } | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
