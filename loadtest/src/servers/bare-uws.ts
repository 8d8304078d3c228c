import type { us_listen_socket, WebSocket } from 'uWebSockets.js';
import { createRequire } from 'node:module';
import { serveCommands } from './commands.ts';
import { SendLoop } from './send-loop.ts';

type Uws = typeof import('uWebSockets.js');

/** The peer: uWebSockets.js as its documentation shows it, one `send` for each message, nothing else. */
const uws: Uws = createRequire(import.meta.url)('uWebSockets.js');
assertNative();

const loop = new SendLoop<WebSocket<unknown>>((socket, message) => {
  if (socket.send(message, false, false) === 2) throw new Error('the engine dropped a message');
});

uws
  .App()
  .ws('/*', {
    compression: uws.DISABLED,
    idleTimeout: 0,
    maxBackpressure: 0,
    open: (socket) => void loop.sockets.push(socket),
    close: (socket) => remove(socket),
  })
  .listen('127.0.0.1', 0, (socket: us_listen_socket | false) => {
    if (socket === false) throw new Error('cannot listen on 127.0.0.1');
    serveCommands(uws.us_socket_local_port(socket), { run: (rounds = 1, burst = 1) => loop.run(rounds, burst) });
  });

function remove(socket: WebSocket<unknown>): void {
  // All connections of a run end together: from the back is cheap.
  loop.sockets.splice(loop.sockets.lastIndexOf(socket), 1);
}

/** A repackaging of the engine once fell back to plain JavaScript with no more than a warning. */
function assertNative(): void {
  const report: { sharedObjects?: string[] } = process.report.getReport();
  if (report.sharedObjects?.some((file) => file.includes('uws_')) !== true) throw new Error('the native uWebSockets.js was not loaded');
}
