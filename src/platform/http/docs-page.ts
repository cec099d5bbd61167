import { dirname, join } from 'node:path';
import type { AnyTRPCRouter } from '@trpc/server';
import { Elysia } from 'elysia';
import { AppError } from '../../kernel/app-error';
import { exchangeOf } from './exchange';
import { openApiDocument } from './openapi/document';

export interface DocsParts {
  readonly router: AnyTRPCRouter;
  readonly version: string;
}

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>IntelliPost product store</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
// validatorUrl: Swagger UI would otherwise send the document's address to swagger.io.
const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
`;
// Swagger UI writes styles and its icons into the page; scripts and everything else come from here alone.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PACKAGED: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** /openapi.json, and /docs to read and try it: Swagger UI from its package, nothing from anywhere else. */
export function docsRoutes({ router, version }: DocsParts) {
  let document: string | undefined;
  return new Elysia({ name: 'docs' })
    .get('/openapi.json', ({ request }) => {
      exchangeOf(request).route = '/openapi.json';
      document ??= JSON.stringify(openApiDocument(router, { serverUrl: '/', version }));
      return answer(document, 'application/json');
    })
    .get('/docs', ({ request }) => {
      exchangeOf(request).route = '/docs';
      return answer(HTML, 'text/html; charset=utf-8');
    })
    .get('/docs/:asset', ({ request, params }) => {
      exchangeOf(request).route = '/docs/{asset}';
      return asset(params.asset);
    });
}

function asset(name: string): Response {
  if (name === 'start.js') return answer(START, 'text/javascript; charset=utf-8');
  const type = Object.hasOwn(PACKAGED, name) ? PACKAGED[name] : undefined;
  if (type === undefined) throw new AppError('NOT_FOUND');
  return answer(Bun.file(join(packageFolder(), name)), type, 'public, max-age=3600');
}

function answer(body: string | Bun.BunFile, type: string, cache = 'no-cache'): Response {
  return new Response(body, {
    headers: { 'content-type': type, 'cache-control': cache, 'content-security-policy': POLICY },
  });
}

function packageFolder(): string {
  return dirname(Bun.resolveSync('swagger-ui-dist/package.json', import.meta.dir));
}
