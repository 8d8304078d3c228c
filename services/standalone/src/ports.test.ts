import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { demandFreePorts } from './ports.ts';

test('a taken port is told with what sets it and who holds it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(demandFreePorts('127.0.0.1', [{ port, setBy: '--port (API_PORT)' }])).rejects.toThrow(
    new RegExp(`port ${port} is taken by process ${process.pid} .*--port \\(API_PORT\\)`),
  );
  await new Promise((resolve) => server.close(resolve));
  await expect(demandFreePorts('127.0.0.1', [{ port, setBy: '--port (API_PORT)' }])).resolves.toBeUndefined();
});

test('one port for two things is a fault', async () => {
  const wanted = [
    { port: 45_999, setBy: '--port' },
    { port: 45_999, setBy: '--admin-port' },
  ];
  await expect(demandFreePorts('127.0.0.1', wanted)).rejects.toThrow(/wanted twice/);
});
