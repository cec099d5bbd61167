import type { AnyTRPCRouter } from '@trpc/server';
import { generateOpenApiDocument, type OpenApiRouter } from 'trpc-to-openapi';
import { z } from 'zod';
import { type RestRoute, restRoutesOf } from '../procedure-routes';
import { completed } from './operation';
import { readable } from './readable';
import type { OpenApiDocument, Operation } from './types';

const errorSchema = z
  .object({
    error: z.object({
      code: z.string().meta({ description: 'Stable: programs decide by it.' }),
      message: z.string().meta({ description: 'For people; it may change.' }),
      details: z
        .unknown()
        .optional()
        .meta({ description: 'What depends on the code, such as the fields or the file.' }),
      request_id: z
        .string()
        .meta({ description: 'Names this request in our log; the same as the header x-request-id.' }),
    }),
  })
  .meta({ description: 'The body of every error.' });

const DESCRIPTION = [
  'Keeps the photos and the prompt of a product safe and private until its listing is published, and after.',
  'Every operation is a tRPC procedure too, under `/trpc`, with the same input and output.',
  'A field that may be left out of a body may be null as well; an unknown field is refused.',
  'Times are ISO 8601 in UTC, ids are UUIDv7. Signed URLs are bearers: whoever holds one may read until it expires.',
].join('\n\n');

/**
 * OpenAPI 3.1 of every procedure with a REST route. The generator reads schemas; statuses, errors, multipart bodies and
 * examples, of which it knows nothing, are put in from the procedures' own meta.
 * @param serverUrl where clients reach this server; `/` is the place the document came from
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApiDocument(
  router: AnyTRPCRouter,
  { serverUrl, version }: { serverUrl: string; version: string },
): OpenApiDocument {
  const routes = restRoutesOf(router);
  const tags = [...new Set(routes.flatMap((route) => route.meta.openapi?.tags ?? []))];
  const document = generateOpenApiDocument(asGenerated(router, routes), {
    title: 'IntelliPost product store',
    description: DESCRIPTION,
    version,
    baseUrl: serverUrl,
    tags,
    license: { name: 'MIT', identifier: 'MIT' },
    securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    defs: { Error: errorSchema },
  }) as unknown as OpenApiDocument;
  for (const route of routes) complete(document, route);
  return readable(document);
}

function complete(document: OpenApiDocument, route: RestRoute): void {
  const path = document.paths[route.path];
  const method = route.method.toLowerCase();
  const operation = path?.[method];
  if (!path || !operation) throw new Error(`the generator left out ${route.method} ${route.path}`);
  path[method] = completed(operation satisfies Operation, route);
}

/**
 * The procedures as the generator can take them: without errors of its own, and where the input is an unread body with the
 * parameters of the path instead, because it takes objects alone.
 */
function asGenerated(router: AnyTRPCRouter, routes: readonly RestRoute[]): OpenApiRouter {
  const procedures = routes.map((route) => [route.name, { _def: definitionOf(route) }]);
  return { _def: { ...router._def, procedures: Object.fromEntries(procedures) } } as unknown as OpenApiRouter;
}

function definitionOf({ procedure, meta, multipart, path }: RestRoute): object {
  const definition = { ...procedure._def, meta: { ...meta, openapi: { ...meta.openapi, errorResponses: [] } } };
  if (!multipart) return definition;
  const params = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, z.uuid()]);
  return { ...definition, inputs: [z.object(Object.fromEntries(params))] };
}
