import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Api } from '@carillon/api';
import { serveStatic } from '@hono/node-server/serve-static';

/** What `npm start` builds from services/web. */
const builtPage = fileURLToPath(new URL('../../web/dist/page', import.meta.url));

type PageOptions = {
  readonly app: Api['app'];
  /** Where the page's connections go: `ws://127.0.0.1:8081`. */
  readonly shardUrls: readonly string[];
  readonly folder?: string;
};

/**
 * Adds the demo messenger at `/`, under a CSP that lets it load only from here, talk only to this API and these shards, and show
 * media over https. Answers whether there is a built page. Called before the first request.
 */
export function servePage({ app, shardUrls, folder = builtPage }: PageOptions): boolean {
  if (!existsSync(`${folder}/index.html`)) return false;
  const headers = pageHeaders(shardUrls);
  const serve = serveStatic({ root: folder });
  app.get('/*', async (context, next) => {
    const answer = await serve(context, next);
    if (!(answer instanceof Response)) return answer;
    for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
    answer.headers.set('cache-control', cachingOf(context.req.path));
    return answer;
  });
  return true;
}

/** The name of an asset is the hash of what is in it; stickers are shown while the network is away, too. */
function cachingOf(path: string): string {
  if (path.includes('/assets/')) return 'public, max-age=31536000, immutable';
  return path.includes('/stickers/') ? 'public, max-age=86400' : 'no-cache';
}

function pageHeaders(shardUrls: readonly string[]): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self' ${shardUrls.join(' ')}`,
    "img-src 'self' https:",
    "media-src 'self' https:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(self), microphone=(self), geolocation=()',
  };
}
