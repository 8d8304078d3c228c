import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Hono } from 'hono';
import type { ApiEnv } from './api-env.ts';
import type { OpenApiDocument } from './openapi-document.ts';

/** Everything comes from this server; no inline script, nothing from a CDN. Swagger UI sets styles on elements and has icons as data. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Carillon HTTP API</title>
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const startScript = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  persistAuthorization: false,
  presets: [SwaggerUIBundle.presets.apis],
});
`;

const assets = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const require = createRequire(import.meta.url);
const swaggerUi = dirname(require.resolve('swagger-ui-dist/package.json'));

/** `GET /openapi.json` and the page `GET /docs` that shows it, both without a token. */
export function addDocs(app: Hono<ApiEnv>, document: OpenApiDocument): void {
  const text = JSON.stringify(document);
  app.get('/openapi.json', (context) => context.body(text, 200, { 'content-type': 'application/json', 'cache-control': 'no-cache' }));
  app.get('/docs', (context) => {
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentSecurityPolicy };
    return context.body(page, 200, { ...headers, 'referrer-policy': 'no-referrer', 'cache-control': 'no-cache' });
  });
  app.get('/docs/start.js', (context) => context.body(startScript, 200, { 'content-type': 'text/javascript; charset=utf-8' }));
  for (const [name, type] of Object.entries(assets)) {
    const read = once(() => readFileSync(join(swaggerUi, name)));
    app.get(`/docs/${name}`, (context) => context.body(read(), 200, { 'content-type': type, 'cache-control': 'max-age=3600' }));
  }
}

function once(read: () => Buffer): () => Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  return () => {
    bytes ??= new Uint8Array(read());
    return bytes;
  };
}
