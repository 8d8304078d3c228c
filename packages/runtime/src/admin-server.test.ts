import { expect, test } from 'vitest';
import { AdminServer } from './admin-server.ts';
import type { DependencyState, Health } from './health.ts';
import { Metrics } from './metrics.ts';

type State = { started: boolean; draining: boolean; dependencies: DependencyState[] };

async function serve(state: State) {
  const health: Health = {
    isStarted: () => state.started,
    isDraining: () => state.draining,
    dependencies: () => Promise.resolve(state.dependencies),
  };
  const metrics = new Metrics();
  metrics.counter({ name: 'carillon_test_total', help: 'A counter.' }).inc();
  const server = new AdminServer({ host: '127.0.0.1', port: 0, health: [health], metrics });
  const url = await server.listen();
  const status = async (path: string) => (await fetch(`${url}${path}`)).status;
  return { server, url, status };
}

test('[L6] the loss of a dependency that is not required makes nobody unready', async () => {
  const state: State = { started: true, draining: false, dependencies: [{ name: 'kafka', up: false, required: false }] };
  const { server, url, status } = await serve(state);
  await using _ = server;
  expect(await status('/readyz')).toBe(200);
  const verbose = await (await fetch(`${url}/readyz?verbose`)).json();
  expect(verbose).toEqual({ ready: true, started: true, draining: false, dependencies: state.dependencies });
});

test('not started, draining or without a required dependency means not ready, but alive', async () => {
  const state: State = { started: false, draining: false, dependencies: [] };
  const { server, status } = await serve(state);
  await using _ = server;
  expect([await status('/startupz'), await status('/readyz'), await status('/livez')]).toEqual([503, 503, 200]);
  state.started = true;
  expect([await status('/startupz'), await status('/readyz')]).toEqual([200, 200]);
  state.draining = true;
  expect(await status('/readyz')).toBe(503);
  state.draining = false;
  state.dependencies = [{ name: 'postgres', up: false, required: true }];
  expect([await status('/readyz'), await status('/livez')]).toEqual([503, 200]);
});

test('metrics tell which dependencies answer', async () => {
  const dependencies = [
    { name: 'kafka', up: false, required: false },
    { name: 'redis', up: true, required: false },
  ];
  const { server, url } = await serve({ started: true, draining: false, dependencies });
  await using _ = server;
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('carillon_dependency_up{dependency="kafka"} 0');
  expect(text).toContain('carillon_dependency_up{dependency="redis"} 1');
  expect(text).toMatch(/^carillon_heap_limit_bytes \d+/m);
});

test('metrics are Prometheus text, and an unknown path is a 404', async () => {
  const { server, url, status } = await serve({ started: true, draining: false, dependencies: [] });
  await using _ = server;
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('carillon_test_total 1');
  expect(await status('/')).toBe(404);
});

test('[A1] a drain is asked for by POST and an operator’s header, where the process allows it at all', async () => {
  let drains = 0;
  const options = { host: '127.0.0.1', port: 0, health: [], metrics: new Metrics() };
  const onDrain = () => {
    drains += 1;
  };
  await using server = new AdminServer({ ...options, onDrain });
  const url = `${await server.listen()}/drain`;
  const asked = async (method: string, headers: Record<string, string>) => (await fetch(url, { method, headers })).status;
  expect([await asked('GET', {}), await asked('POST', {}), drains]).toEqual([405, 403, 0]);
  expect([await asked('POST', { 'x-carillon-operator': 'cli' }), drains]).toEqual([202, 1]);
  await using silent = new AdminServer(options);
  expect((await fetch(`${await silent.listen()}/drain`, { method: 'POST' })).status).toBe(404);
});
