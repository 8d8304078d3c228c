import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Api } from '@carillon/api';
import { AppError } from '@carillon/protocol';
import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveFiles } from './serve-files.ts';
import { servePage } from './serve-page.ts';

let folder: string;
let app: Api['app'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-page-'));
  app = new Hono();
  app.onError((error, context) => context.text(error instanceof AppError ? error.code : String(error), 400));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('[W1] every file of the page comes under its CSP; assets are kept for good, the page itself is asked for again', async () => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets/index-abc.js'), '');
  expect(servePage({ app, folder, shardUrls: ['ws://127.0.0.1:8081', 'ws://127.0.0.1:8082'] })).toBe(true);
  const page = await app.request('/');
  expect(page.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://127.0.0.1:8081 ws://127.0.0.1:8082; " +
      "img-src 'self' https:; media-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
      "require-trusted-types-for 'script'; trusted-types 'none'",
  );
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect((await app.request('/assets/index-abc.js')).headers.get('cache-control')).toContain('immutable');
  for (const path of ['/nothing', '/../package.json', '/..%2fpackage.json', '/assets/']) expect((await app.request(path)).status).toBe(404);
});

test('[W1] a page that was not built is not served', async () => {
  expect(servePage({ app, folder, shardUrls: [] })).toBe(false);
  expect((await app.request('/')).status).toBe(404);
});

const post = (type: string, body: string) => app.request('/v1/dev/files', { method: 'POST', headers: { 'content-type': type }, body });
const pathOf = async (answer: Response) => String(Reflect.get((await answer.json()) as object, 'path'));

test('[W7] a kept file comes back sandboxed; what a browser might run is a download', async () => {
  serveFiles({ app, folder });
  const picture = await app.request(await pathOf(await post('image/png', 'a picture')));
  expect(await picture.text()).toBe('a picture');
  expect(picture.headers.get('content-type')).toBe('image/png');
  for (const type of ['text/html', 'image/svg+xml', 'application/javascript', 'text/xml', '../../x']) {
    const file = await app.request(await pathOf(await post(type, '<script>alert(1)</script>')));
    expect(file.headers.get('content-type')).toBe('application/octet-stream');
    expect(file.headers.get('content-disposition')).toBe('attachment');
    expect(file.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
  }
  expect((await app.request('/files/..%2f..%2fetc%2fpasswd')).status).toBe(404);
});

test('[W7] neither a file nor all of them outgrow their bounds, over a restart too', async () => {
  serveFiles({ app, folder, limits: { maxFileBytes: 10, maxTotalBytes: 15 } });
  expect((await post('image/png', '0123456789')).status).toBe(201);
  expect(await (await post('image/png', '0123456789')).text()).toBe('payload_too_large');
  expect((await post('image/png', '01234')).status).toBe(201);
  app = new Hono();
  app.onError((error, context) => context.text(error instanceof AppError ? error.code : String(error), 400));
  serveFiles({ app, folder, limits: { maxFileBytes: 10, maxTotalBytes: 15 } });
  expect(await (await post('image/png', '0')).text()).toBe('payload_too_large');
});
