import { expect, test } from 'bun:test';
import { openApiJson } from '../../scripts/documents/openapi';
import type { OpenApiDocument, Operation } from '../../src/platform/http/openapi/types';

const { paths } = JSON.parse(openApiJson()) as OpenApiDocument;
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
);

/** What a field is called that holds a URL of the store: `websocket_url` is not signed with its credentials. */
const OF_THE_STORE = /"(url|urls|uploads|original_url|primary_image_url)":/;
const succeeds = ({ responses }: Operation) =>
  JSON.stringify(Object.entries(responses).filter(([status]) => status.startsWith('2')));

test('whatever answers with signed URLs says that the store’s credentials may be away', () => {
  const signing = operations.filter(({ operation }) => OF_THE_STORE.test(succeeds(operation)));
  const silent = signing.filter(
    ({ operation }) => !operation.responses['503']?.description?.includes('STORAGE_UNAVAILABLE'),
  );
  expect(signing.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['GET /api/products', 'POST /api/image-urls', 'POST /api/work/{phase}/claim']),
  );
  expect(silent.map(({ name }) => name)).toEqual([]);
});

test('the deletion of a product needs no store, and does not say that it may be away', () => {
  const deletion = operations.find(({ name }) => name === 'DELETE /api/products/{id}')?.operation;
  expect(deletion?.responses['503']?.description).toContain('DATABASE_UNAVAILABLE');
  expect(deletion?.responses['503']?.description).not.toContain('STORAGE_UNAVAILABLE');
});
