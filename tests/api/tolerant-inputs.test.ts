import { afterAll, beforeAll, expect, test } from 'bun:test';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { announced, complete, type Product, putAll } from '../support/direct-upload';
import { productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { aSeller, PROMPT, type SellerClient, seen } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

// What clients write in their own way, and mean what everybody means.

let server: TestServer;
let seller: SellerClient;

beforeAll(async () => {
  server = await startTestServer();
  seller = await aSeller(server);
}, 60_000);
afterAll(() => server.stop());

test('fields that a client has nothing for may be null, by both doors', async () => {
  const account = (email: string) => ({
    email,
    password: 'correct horse battery staple',
    first_name: null,
    last_name: null,
  });
  for (const [door, email] of [
    ['/api/auth/register', 'rest@example.com'],
    ['/trpc/auth.register', 'trpc@example.com'],
  ] as const) {
    const response = await fetch(`${server.url}${door}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(account(email)),
    });
    expect(response.ok).toBe(true);
  }
});

test('a sha-256 and a type in upper case are those in lower case, and the PUT that is answered for them works', async () => {
  const picture = await photo();
  const image = {
    file_name: null,
    content_type: 'IMAGE/JPEG',
    file_size_bytes: picture.length,
    sha256: sha256OfBytes(picture).toUpperCase(),
    is_primary: null,
  };
  const started = await seller.call('POST', '/api/uploads', { prompt_text: PROMPT, images: [image] });
  expect(started.status).toBe(201);
  const { product_id, uploads } = (await started.json()) as {
    product_id: string;
    uploads: { url: string; headers: Record<string, string> }[];
  };
  const [put] = uploads;
  expect(put?.headers).toMatchObject({ 'content-type': 'image/jpeg' });
  const sent = await fetch(put?.url ?? '', {
    method: 'PUT',
    headers: put?.headers ?? {},
    body: new Uint8Array(picture),
  });
  expect(sent.ok).toBe(true);
  const completed = await seller.call('POST', `/api/uploads/${product_id}/complete`);
  expect(await completed.json()).toMatchObject({ images: [{ sha256: image.sha256.toLowerCase() }] });
});

test('lines of a prompt that forms end by CR LF are those that JSON ends by LF, by every door', async () => {
  const picture = await photo();
  const lines = (lineBreak: string) => ['Bicycle, used', '', `blue ${'o'.repeat(480)}`].join(lineBreak);
  const multipart = await seller.post('/api/products', productParts(lines('\r\n'), [picture]));
  const { id } = (await multipart.json()) as { id: string };
  const { uploads, products } = seller.trpc();
  const started = await uploads.start.mutate({ prompt_text: lines('\n'), images: [announced(picture)] });
  await putAll(started, [picture]);
  const direct = (await (await complete(seller, started.product_id)).json()) as Product;
  const prompts = [direct.prompt_text, (await products.get.query({ id })).prompt_text];
  expect(prompts).toEqual([lines('\n'), lines('\n')]);
  const changed = await products.update.mutate({ id, prompt_text: lines('\r\n') });
  expect(changed.prompt_text).toBe(lines('\n'));
});

test.each(['x', '%27', 'null'])('a session called %s is one that is not there', async (id) => {
  expect(await seen(await seller.call('DELETE', `/api/users/me/sessions/${id}`))).toEqual([404, 'NOT_FOUND']);
});
