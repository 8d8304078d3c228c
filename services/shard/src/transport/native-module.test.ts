import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { StartError } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { checkNativeModule, chooseBuild } from './native-module.ts';

const debian12 = { os: 'linux', arch: 'x64', abi: '115', glibc: '2.36' };

test.each([
  ['Node 20 on Debian 12', debian12],
  ['Node 22 on Debian 13', { ...debian12, abi: '127', glibc: '2.41' }],
  ['Node 24 on Ubuntu 24.04', { ...debian12, abi: '137', glibc: '2.39' }],
])('the WebSocket engine runs on %s', (_, platform) => {
  expect(chooseBuild(platform).sha256).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ['Node 24 on Debian 12', { ...debian12, abi: '137' }],
  ['Node 22 on Debian 12', { ...debian12, abi: '127' }],
  ['Node 20 on an old C library', { ...debian12, glibc: '2.26' }],
  ['musl', { ...debian12, glibc: undefined }],
  ['macOS', { ...debian12, os: 'darwin', glibc: undefined }],
  ['arm64', { ...debian12, arch: 'arm64' }],
  ['an unknown Node', { ...debian12, abi: '999' }],
])('the WebSocket engine refuses %s with one sentence', (_, platform) => {
  expect(() => chooseBuild(platform)).toThrow(StartError);
  expect(() => chooseBuild(platform)).toThrow(/^the WebSocket engine .+[^\n]$/);
});

test('only the known build is loaded, and only the one whose sum an image tells', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('uWebSockets.js/package.json'));
  expect(() => checkNativeModule(folder)).not.toThrow();
  expect(() => checkNativeModule(folder, '0'.repeat(64))).toThrow(/is not the known one/);
});
