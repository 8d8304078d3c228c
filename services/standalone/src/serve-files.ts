import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api } from '@carillon/api';
import { AppError } from '@carillon/protocol';
import { serveStatic } from '@hono/node-server/serve-static';

type FileLimits = { readonly maxFileBytes: number; readonly maxTotalBytes: number };
type FilesOptions = { readonly app: Api['app']; readonly folder: string; readonly limits?: FileLimits };

const defaultLimits: FileLimits = { maxFileBytes: 25_000_000, maxTotalBytes: 500_000_000 };

/** What a browser may show by itself; all else is a download. No format here can hold a script. */
const endings = new Map([
  ['image/png', 'png'],
  ['image/jpeg', 'jpg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
  ['image/avif', 'avif'],
  ['video/mp4', 'mp4'],
  ['video/webm', 'webm'],
  ['audio/webm', 'weba'],
  ['audio/mpeg', 'mp3'],
  ['audio/ogg', 'oga'],
]);
const download = 'bin';

/** Whatever a file is, it is no page of this origin. */
const fileHeaders = {
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, max-age=31536000, immutable',
};

/**
 * The demo's file store, so that pictures and recordings have an address: `POST /v1/dev/files` with the bytes as body answers
 * `{ path }`, and `GET` of that path the file. Development only: an app has a store of its own. A file and all files together
 * are bounded: over that 413. Called before the first request.
 */
export function serveFiles({ app, folder, limits = defaultLimits }: FilesOptions): void {
  mkdirSync(folder, { recursive: true });
  let totalBytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  app.post('/v1/dev/files', async (context) => {
    const name = `${randomUUID()}.${endings.get(context.req.header('content-type') ?? '') ?? download}`;
    const room = Math.min(limits.maxFileBytes, limits.maxTotalBytes - totalBytes);
    totalBytes += await keep(join(folder, name), context.req.raw.body, room);
    return context.json({ path: `/files/${name}` }, 201);
  });
  const serve = serveStatic({ root: folder, rewriteRequestPath: (path) => path.replace(/^\/files/, '') });
  app.get('/files/*', async (context, next) => {
    const answer = await serve(context, next);
    if (!(answer instanceof Response)) return answer;
    for (const [name, value] of Object.entries(fileHeaders)) answer.headers.set(name, value);
    if (context.req.path.endsWith(`.${download}`)) answer.headers.set('content-disposition', 'attachment');
    return answer;
  });
}

/** Answers how many bytes it wrote. What does not fit leaves nothing behind. */
async function keep(path: string, body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<number> {
  const file = await open(path, 'wx');
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new AppError('payload_too_large', { detail: `The file store takes ${maxBytes} bytes more` });
      await file.write(chunk);
    }
    return bytes;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
