import { afterAll, describe, expect, test } from 'bun:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { z } from 'zod';
import { openApiDocument } from '../../src/platform/http/openapi/document';
import type { OpenApiDocument, Operation } from '../../src/platform/http/openapi/types';
import { publicProcedure, router } from '../../src/platform/http/procedures';
import { type Doors, SELLER_ID, startDoors, thingsRouter } from '../support/doors';

const doors: Doors = startDoors();
afterAll(() => doors.stop());

const document = openApiDocument(thingsRouter, { serverUrl: 'https://api.example', version: '1.2.3' });

function operation(method: string, path: string, from: OpenApiDocument = document): Operation {
  const found = from.paths[path]?.[method];
  if (!found) throw new Error(`not documented: ${method} ${path}`);
  return found;
}

describe('/openapi.json', () => {
  test('is valid OpenAPI 3.1', async () => {
    const served = (await (await doors.fetch('/openapi.json')).json()) as OpenApiDocument;
    for (const each of [document, served]) {
      const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(each)));
      expect(errors).toBeUndefined();
      expect(valid).toBe(true);
    }
    expect(served.openapi).toStartWith('3.1');
    expect(served.info.version).toBe('1.2.3');
  });

  test('has every procedure with a route, and only those', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(operations.sort()).toEqual(
      [
        'get /api/things',
        'post /api/things',
        'get /api/things/{id}',
        'patch /api/things/{id}',
        'delete /api/things/{id}',
        'post /api/things/{id}/images',
        'post /api/uploads',
        'get /api/whoami',
        'post /api/fail',
        'get /api/slow',
      ].sort(),
    );
  });

  test('names the real status of success, without a body where there is none', () => {
    const created = operation('post', '/api/things').responses;
    expect(created['200']).toBeUndefined();
    expect(created['201']?.content?.['application/json']?.schema).toEqual({ $ref: '#/components/schemas/Thing' });
    const removed = operation('delete', '/api/things/{id}').responses;
    expect(removed['200']).toBeUndefined();
    expect(removed['204']?.content).toBeUndefined();
  });

  test('names every error with its codes, all as one schema', () => {
    const { responses } = operation('get', '/api/things/{id}');
    expect(Object.keys(responses)).toEqual(['200', '401', '403', '404', '422', '429', '500', '503']);
    expect(responses['404']?.description).toContain('PRODUCT_NOT_FOUND');
    expect(responses['404']?.content?.['application/json']?.schema).toEqual({ $ref: '#/components/schemas/Error' });
    expect(responses['503']?.headers).toHaveProperty('retry-after');
    expect(Object.keys(operation('post', '/api/things').responses)).toContain('413');
    expect(Object.keys(document.components?.schemas ?? {}).sort()).toEqual(['Error', 'Thing']);
  });

  test('asks for a token where one is needed, and only there', () => {
    expect(operation('get', '/api/things').security).toEqual([]);
    expect(operation('get', '/api/things').responses).not.toHaveProperty('401');
    expect(operation('post', '/api/things').security).toEqual([{ accessToken: [] }]);
  });

  test('describes multipart bodies, their headers and the parameters of their paths', () => {
    const upload = operation('post', '/api/uploads') as Operation & { parameters: { name: string }[] };
    const schema = upload.requestBody?.content['multipart/form-data']?.schema as { properties: object };
    expect(Object.keys(upload.requestBody?.content ?? {})).toEqual(['multipart/form-data']);
    expect(schema.properties).toMatchObject({ images: { items: { format: 'binary' } } });
    expect(upload.parameters.map(({ name }) => name)).toEqual(['Idempotency-Key']);
    const add = operation('post', '/api/things/{id}/images') as typeof upload;
    expect(add.parameters.map(({ name }) => name)).toEqual(['id']);
    expect(add.requestBody?.content).toHaveProperty('multipart/form-data');
  });

  test('shows the examples of a procedure', () => {
    const create = operation('post', '/api/things');
    expect(create.requestBody?.content['application/json']?.example).toEqual({ name: 'a lamp' });
    expect(create.responses['201']?.content?.['application/json']?.example).toMatchObject({ id: SELLER_ID });
  });

  test('says uuid by its format, not by an expression, and no limits that nobody has set', () => {
    expect(JSON.stringify(document)).not.toContain('9007199254740991');
    expect(JSON.stringify(document)).toContain('"format":"uuid"');
    expect(JSON.stringify(document)).not.toContain('"pattern"');
  });
});

describe('a router that cannot be documented or routed', () => {
  const procedure = (path: `/${string}`) =>
    publicProcedure
      .meta({ openapi: { method: 'GET', path } })
      .output(z.object({}))
      .query(() => ({}));

  test('two procedures on one route', () => {
    const twice = router({ one: procedure('/api/a/{x}'), two: procedure('/api/a/{y}/') });
    expect(() => startDoors({ router: twice })).toThrow('two: another procedure answers GET /api/a/{y}');
  });

  test('a subscription with a route', () => {
    const meta = { openapi: { method: 'GET', path: '/api/a' } } as const;
    async function* ticks() {
      yield 1;
    }
    const live = router({ live: publicProcedure.meta(meta).subscription(ticks) });
    expect(() => startDoors({ router: live })).toThrow('live: a subscription has no REST route');
  });

  test('a procedure that is switched off has none', () => {
    const meta = { openapi: { method: 'GET', path: '/api/a', enabled: false } } as const;
    const off = router({
      off: publicProcedure
        .meta(meta)
        .output(z.object({}))
        .query(() => ({})),
    });
    expect(openApiDocument(off, { serverUrl: '/', version: '1' }).paths).toEqual({});
  });
});

describe('/docs', () => {
  test('refers to nothing outside, and each of its assets is there', async () => {
    const response = await doors.fetch('/docs');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await response.text();
    expect(html).not.toMatch(/https?:|\/\/[a-z]/);
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
    expect(assets.length).toBeGreaterThanOrEqual(4);
    for (const address of assets) {
      const asset = await doors.fetch(address);
      expect([address, asset.status]).toEqual([address, 200]);
      expect((await asset.bytes()).length).toBeGreaterThan(50);
    }
  });

  test('starts from our own document, with no outside validator', async () => {
    const script = await (await doors.fetch('/docs/start.js')).text();
    expect(script).toContain("url: '/openapi.json'");
    expect(script).toContain('validatorUrl: null');
    expect(script).not.toMatch(/https?:/);
  });

  test('allows the browser nothing from elsewhere', async () => {
    const policy = (await doors.fetch('/docs')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/https?:|\*/);
  });
});
