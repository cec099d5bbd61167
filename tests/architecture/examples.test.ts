import { describe, expect, test } from 'bun:test';
import type { z } from 'zod';
import { documentedRouter, openApiJson } from '../../scripts/documents/openapi';
import type { OpenApiDocument } from '../../src/platform/http/openapi/types';
import { type RestRoute, restRoutesOf } from '../../src/platform/http/procedure-routes';

// Of every operation /openapi.json shows what is sent and what is answered, as they really are.

const document = JSON.parse(openApiJson()) as OpenApiDocument;
const operationOf = ({ path, method }: RestRoute) => {
  const found = document.paths[path]?.[method.toLowerCase()];
  if (!found) throw new Error(`not documented: ${method} ${path}`);
  return found;
};
const schemasOf = ({ procedure }: RestRoute) =>
  procedure._def as unknown as { inputs?: z.ZodType[]; output?: z.ZodType };
/** As the REST door puts them beside the fields of the body. */
const parametersOf = ({ path }: RestRoute) =>
  Object.fromEntries(
    [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, name === 'phase' ? 'processing' : 'an id']),
  );

const routes = restRoutesOf(documentedRouter());
const named = (some: readonly RestRoute[]) => some.map((route) => ({ name: route.name, route }));
const withBody = routes.filter((route) => !route.multipart && operationOf(route).requestBody);
const withAnswer = routes.filter(({ status }) => status !== 204);

test('most operations have a body, and nearly all have an answer', () => {
  expect(withBody.length).toBeGreaterThan(15);
  expect(withAnswer.length).toBeGreaterThan(25);
});

describe.each(named(withBody))('$name', ({ route }) => {
  test('shows a request that its schema takes', () => {
    const { example } = operationOf(route).requestBody?.content['application/json'] ?? {};
    expect(example).toBeObject();
    const sent = { ...parametersOf(route), ...(example as object) };
    expect(schemasOf(route).inputs?.at(-1)?.safeParse(sent).error?.issues ?? []).toEqual([]);
  });
});

test.each(named(withBody))(
  '$name: its body is said to be required where its input is refused without one',
  ({ route }) => {
    const isTaken = schemasOf(route).inputs?.at(-1)?.safeParse(parametersOf(route)).success;
    expect(operationOf(route).requestBody?.required).toBe(!isTaken);
  },
);

describe.each(named(withAnswer))('$name', ({ route }) => {
  test('shows an answer that its schema would give, with nothing besides', () => {
    const { example } = operationOf(route).responses[route.status]?.content?.['application/json'] ?? {};
    expect(example).toBeDefined();
    expect(schemasOf(route).output?.parse(example)).toEqual(example);
  });
});

test('headers of answers are documented where they are sent', () => {
  const headersOf = (path: string) =>
    Object.keys(document.paths[path]?.post?.responses['201']?.headers ?? {}).map((name) => name.toLowerCase());
  expect(headersOf('/api/products')).toEqual(expect.arrayContaining(['location', 'idempotency-replayed']));
  expect(headersOf('/api/uploads')).toContain('idempotency-replayed');
});

test('what is read as a body can be refused as one, expected or not', () => {
  const posts = routes.filter(({ method }) => ['POST', 'PUT', 'PATCH'].includes(method));
  for (const route of posts)
    expect(Object.keys(operationOf(route).responses)).toEqual(expect.arrayContaining(['400', '408', '413']));
});
