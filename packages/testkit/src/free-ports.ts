import { createServer, type Server } from 'node:net';

/** Ports that were given out: their servers may not have started yet. */
const given = new Set<number>();

/** Ports that nobody listens on at this moment, all different, and different from those that were given out in this process before. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all([...Array(count).keys()].map(listen));
  const ports = servers.map(portOf).filter((port) => given.size !== given.add(port).size);
  // All are held together before any is let go, and those that were given out already until there are others.
  const others = ports.length < count ? await freePorts(count - ports.length) : [];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [...ports, ...others];
}

/** Below the range that the system takes for outgoing connections: else one of these may sit there when the server starts. */
const range = { first: 10_000, count: 22_000 };

async function listen(): Promise<Server> {
  for (;;) {
    const server = await tryToListen(range.first + Math.floor(Math.random() * range.count));
    if (server !== undefined) return server;
  }
}

function tryToListen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
