import { WebSocket } from 'k6/websockets';

export type SocketListener = {
  opened(atMs: number): void;
  /** `atMs`: right after the read, before the frame waited for this runtime. */
  received(frame: string, atMs: number): void;
  /** `code` is undefined when the connection was refused or never opened. */
  closed(code: number | undefined, atMs: number): void;
};

type FrameEvent = { readonly data: string; readonly timestamp: number };
type CloseEvent = { readonly code?: number; readonly timestamp: number };

/** The API as it is: its published types know neither subprotocols nor the fields of a close event. */
type SocketClass = new (
  url: string,
  protocols: readonly string[],
  params: { tags: Record<string, string> },
) => {
  addEventListener(name: 'message', listener: (event: FrameEvent) => void): void;
  addEventListener(name: 'open' | 'close', listener: (event: CloseEvent) => void): void;
  close(code?: number): void;
};
const Socket = WebSocket as unknown as SocketClass;

/** Opens a connection of the Carillon protocol. `error` events say nothing that `close` does not: each is followed by one. */
export function openSocket(url: string, ticket: string, listener: SocketListener): { close(code: number): void } {
  const socket = new Socket(url, ['carillon.v1', `ticket.${ticket}`], { tags: { name: 'ws' } });
  socket.addEventListener('open', (event) => listener.opened(event.timestamp));
  socket.addEventListener('message', (event) => listener.received(event.data, event.timestamp));
  socket.addEventListener('close', (event) => listener.closed(event.code, event.timestamp));
  return socket;
}
