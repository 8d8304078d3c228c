import { type WebSocket, WebSocketServer } from 'ws';
import { serveCommands } from './commands.ts';
import { SendLoop } from './send-loop.ts';

/** The peer: the `ws` package, without compression, one `send` for each message. */
const loop = new SendLoop<WebSocket>((socket, message) => socket.send(message, { binary: false }));
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, backlog: 4096 });
server.on('connection', (socket) => loop.sockets.push(socket));
server.on('listening', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  serveCommands(address.port, { run: (rounds = 1, burst = 1) => loop.run(rounds, burst) });
});
