import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, us_socket_context_t, WebSocket } from 'uWebSockets.js';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { type Clock, StartError } from '@carillon/runtime';
import { checkNativeModule } from './native-module.ts';
import type { SendOutcome, Socket, SocketListener, UpgradeAnswer, UpgradeRequest } from './socket.ts';

/** What the package's own types leave out: `listen` with host and options. */
type App = TemplatedApp & {
  listen(host: string, port: number, options: number, onListen: (socket: us_listen_socket | false) => void): TemplatedApp;
};

type UwsModule = {
  App(): App;
  us_listen_socket_close(socket: us_listen_socket): void;
  us_socket_local_port(socket: us_listen_socket): number;
  DISABLED: number;
  LIBUS_LISTEN_EXCLUSIVE_PORT: number;
};

type Accepted = Extract<UpgradeAnswer, { kind: 'accept' }>;
type Refusal = Extract<UpgradeAnswer, { kind: 'refuse' }>;

/** What uWS keeps with each socket: the object is copied at the upgrade, so it holds references only. */
type SocketState = {
  /** Until the socket is open. */
  answer: Accepted | undefined;
  socket: UwsSocket | undefined;
  listener: SocketListener | undefined;
};

/** Contract: frames over 16 KiB get 1009, which only a handler can send; uWS itself cuts above this without a close frame. */
const maxFrameBytes = 64 * 1024;
/** A backstop only: the send queue stops handing over at 64 KB. */
const maxTransportBytes = 1024 * 1024;
/** How long an ended socket may take to drain before it is cut. */
const lingerMs = 5_000;

type UwsServerOptions = {
  readonly host: string;
  readonly port: number;
  /** Of the engine's file, where it is not the lockfile's. */
  readonly engineSha256?: string | undefined;
  readonly clock: Clock;
  readonly onUpgrade: (request: UpgradeRequest) => UpgradeAnswer;
};

/** The only user of uWebSockets.js. States: idle → listening → closed; no way back. */
export class UwsServer {
  readonly #options: UwsServerOptions;
  #uws: UwsModule | undefined;
  #app: App | undefined;
  #listening: us_listen_socket | undefined;

  constructor(options: UwsServerOptions) {
    this.#options = options;
  }

  /** Listens and returns the port. Throws StartError where the engine does not run or the port is taken. */
  listen(): number {
    const uws = loadEngine(this.#options.engineSha256);
    const app = uws.App();
    this.#uws = uws;
    this.#app = app;
    this.#addRoutes(uws, app);
    const { host, port } = this.#options;
    app.listen(host, port, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
      if (socket) this.#listening = socket;
    });
    if (this.#listening === undefined)
      throw new StartError(`cannot listen on ${host}:${port}: the port is taken or the address is not of this machine`);
    return uws.us_socket_local_port(this.#listening);
  }

  /** Takes no further connections; those that are there stay. */
  stopListening(): void {
    if (this.#listening !== undefined) this.#uws?.us_listen_socket_close(this.#listening);
    this.#listening = undefined;
  }

  /** Cuts whatever is still connected. */
  close(): void {
    this.#listening = undefined;
    this.#app?.close();
    this.#app = undefined;
  }

  #addRoutes(uws: UwsModule, app: App): void {
    app.ws<SocketState>('/*', {
      compression: uws.DISABLED,
      maxPayloadLength: maxFrameBytes,
      maxBackpressure: maxTransportBytes,
      closeOnBackpressureLimit: 1,
      idleTimeout: 60,
      upgrade: (response, request, context) => this.#upgrade(response, request, context),
      open: (ws) => openSocket(ws, this.#options.clock),
      message: (ws, frame, isBinary) => ws.getUserData().listener?.onFrame(frame, isBinary),
      drain: (ws) => drainSocket(ws),
      close: (ws, code) => closeSocket(ws, code),
    });
    app.any('/*', (response, request) => {
      const answer = isSocketPath(request.getUrl()) ? noUpgrade : notFound;
      if (request.getMethod() === 'head') refuseHead(response, answer);
      else refuse(response, answer);
    });
  }

  /**
   * Synchronous from the first to the last line, so request and response stay valid: credentials are looked at once the socket is
   * open, because a browser cannot see why an upgrade was refused.
   */
  #upgrade(response: HttpResponse, request: HttpRequest, context: us_socket_context_t): void {
    const answer = this.#answerTo(response, request);
    if (answer.kind === 'refuse') refuse(response, answer);
    else upgrade(answer, response, request, context);
  }

  #answerTo(response: HttpResponse, request: HttpRequest): UpgradeAnswer {
    if (!isSocketPath(request.getUrl())) return notFound;
    if (request.getHeader('sec-websocket-version') !== '13') return noUpgrade;
    return this.#options.onUpgrade(readRequest(response, request));
  }
}

function loadEngine(sha256: string | undefined): UwsModule {
  const require = createRequire(import.meta.url);
  checkNativeModule(dirname(require.resolve('uWebSockets.js/package.json')), sha256);
  return require('uWebSockets.js');
}

const notFound: Refusal = { kind: 'refuse', status: '404 Not Found', body: 'not found\n' };
/** No upgrade, or one to a version that the engine does not speak (RFC 6455, 4.4). */
const noUpgrade: Refusal = { kind: 'refuse', status: '426 Upgrade Required', body: 'this is a WebSocket endpoint\n' };

function upgrade(answer: Accepted, response: HttpResponse, request: HttpRequest, context: us_socket_context_t): void {
  const state: SocketState = { answer, socket: undefined, listener: undefined };
  response.upgrade(state, request.getHeader('sec-websocket-key'), answer.protocol, request.getHeader('sec-websocket-extensions'), context);
}

/** `<url>` may have a path of its own before `/v1/ws`. */
function isSocketPath(path: string): boolean {
  return path.endsWith('/v1/ws');
}

function readRequest(response: HttpResponse, request: HttpRequest): UpgradeRequest {
  return {
    path: request.getUrl(),
    query: request.getQuery(),
    origin: request.getHeader('origin'),
    protocols: request.getHeader('sec-websocket-protocol'),
    remoteAddress: Buffer.from(response.getRemoteAddressAsText()).toString('latin1'),
  };
}

function refuse(response: HttpResponse, refusal: Refusal): void {
  writeHead(response, refusal).end(refusal.body, true);
}

/** With an argument to `endWithoutBody` the engine takes the request for unanswered and ends the process (uWebSockets.js 3.0.6). */
function refuseHead(response: HttpResponse, refusal: Refusal): void {
  writeHead(response, refusal).writeHeader('Content-Length', String(refusal.body.length)).endWithoutBody();
}

function writeHead(response: HttpResponse, refusal: Refusal): HttpResponse {
  response.writeStatus(refusal.status);
  if (refusal.retryAfterSeconds !== undefined) response.writeHeader('Retry-After', String(refusal.retryAfterSeconds));
  if (refusal === noUpgrade) response.writeHeader('Upgrade', 'websocket').writeHeader('Sec-WebSocket-Version', '13');
  return response.writeHeader('Content-Type', 'text/plain; charset=utf-8');
}

function openSocket(ws: WebSocket<SocketState>, clock: Clock): void {
  const state = ws.getUserData();
  const socket = new UwsSocket(ws, clock);
  state.socket = socket;
  state.listener = state.answer?.open(socket);
  state.answer = undefined;
}

function drainSocket(ws: WebSocket<SocketState>): void {
  const { socket, listener } = ws.getUserData();
  listener?.onDrain();
  socket?.endDrained();
}

function closeSocket(ws: WebSocket<SocketState>, code: number): void {
  const state = ws.getUserData();
  state.socket?.markClosed();
  tellClosed(state, code);
}

/** Once. */
function tellClosed(state: SocketState, code: number): void {
  const { listener } = state;
  state.listener = undefined;
  listener?.onClose(code);
}

type Ending = { readonly ws: WebSocket<SocketState>; readonly code: number; readonly reason: string; readonly cut: Disposable };

/**
 * Guards what uWS does not: every call on a closed socket throws there.
 *
 * And what it does not bound: after `ws.end` with a reader that has stopped, the descriptor and all that uWS buffered stayed for 14 to
 * 16 s (uWebSockets 3.0.6, whatever the client sends), and the ended socket can no longer be cut. So a socket that still holds bytes
 * lingers before its end: it ends when they have left, with the close frame behind them, and is cut after 5 s, which frees both at
 * once; that client sees 1006. The kernel keeps what it has taken, 3.9 MB on loopback, until its own retries end (more than 30 s):
 * bound it with `net.ipv4.tcp_wmem`. A socket that holds nothing ends at once; if its client never answers, uWS drops it after 16 s.
 */
class UwsSocket implements Socket {
  readonly #clock: Clock;
  #ws: WebSocket<SocketState> | undefined;
  #ending: Ending | undefined;
  /** Something may be buffered: asking costs a call into the engine, once per flush. A corked write does not say. */
  #mayHold = false;

  constructor(ws: WebSocket<SocketState>, clock: Clock) {
    this.#ws = ws;
    this.#clock = clock;
  }

  send(frame: Buffer | string): SendOutcome {
    if (this.#ws === undefined) return 'dropped';
    const result = this.#ws.send(frame, false, false);
    if (result === 1) return 'sent';
    this.#mayHold = true;
    return result === 0 ? 'buffered' : 'dropped';
  }

  bufferedBytes(): number {
    if (!this.#mayHold) return 0;
    const bytes = this.#ws?.getBufferedAmount() ?? 0;
    this.#mayHold = bytes > 0;
    return bytes;
  }

  cork(write: () => void): void {
    this.#mayHold = true;
    this.#ws?.cork(write);
  }

  end(code: number, reason: string): void {
    const ws = this.#ws;
    this.#ws = undefined;
    if (ws === undefined) return;
    if (ws.getBufferedAmount() === 0) ws.end(code, reason);
    else this.#linger(ws, code, reason);
  }

  /** All has left that was before the end. */
  endDrained(): void {
    if (this.#ending === undefined || this.#ending.ws.getBufferedAmount() > 0) return;
    const { ws, code, reason } = this.#ending;
    ws.end(code, reason);
  }

  markClosed(): void {
    this.#ws = undefined;
    this.#ending?.cut[Symbol.dispose]();
    this.#ending = undefined;
  }

  #linger(ws: WebSocket<SocketState>, code: number, reason: string): void {
    this.#ending = { ws, code, reason, cut: this.#clock.every(lingerMs, () => ws.close()) };
    tellClosed(ws.getUserData(), code);
  }
}
