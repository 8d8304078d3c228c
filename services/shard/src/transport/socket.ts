/** `sent`: in the kernel. `buffered`: kept by the transport, leaves later. `dropped`: gone for good, the caller must say so [D6]. */
export type SendOutcome = 'sent' | 'buffered' | 'dropped';

/**
 * One WebSocket as the shard sees it; the transport behind it knows no users. After the end nothing throws: sends are `dropped`, all
 * else does nothing.
 */
export interface Socket {
  /** One text frame. */
  send(frame: Buffer | string): SendOutcome;
  /** Bytes the transport still holds for this socket. */
  bufferedBytes(): number;
  /** What `write` sends leaves in one system call. Synchronous, never nested. */
  cork(write: () => void): void;
  /** `onClose` is called before this returns. A close frame follows what is buffered; what has not left after 5 s is cut off. */
  end(code: number, reason: string): void;
}

/** What a socket tells its connection. No call throws. */
export interface SocketListener {
  /** `frame` is valid during the call only. */
  onFrame(frame: ArrayBuffer, isBinary: boolean): void;
  /** Some of what was buffered has left. */
  onDrain(): void;
  /** Called once, last. */
  onClose(code: number): void;
}

/** A request to become a WebSocket, read in full before anything is decided. */
export type UpgradeRequest = {
  readonly path: string;
  /** Without the question mark; may hold a ticket, so it is never logged [S6]. */
  readonly query: string;
  readonly origin: string;
  readonly protocols: string;
  readonly remoteAddress: string;
};

/** `protocol` is echoed, when there is one. `open` makes the connection of the new socket. */
export type UpgradeAnswer =
  | { readonly kind: 'refuse'; readonly status: string; readonly retryAfterSeconds?: number; readonly body: string }
  | { readonly kind: 'accept'; readonly protocol: string; readonly open: (socket: Socket) => SocketListener };
