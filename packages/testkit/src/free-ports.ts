import { createServer, type Server } from 'node:net';

/** Ports that nobody listens on at this moment, all different: they are held together before any is let go. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all([...Array(count).keys()].map(listen));
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
