import { afterAll, beforeAll, expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { rawPost } from '../support/raw-http';
import { aSeller, PROMPT, productForm, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer, until } from '../support/server';
import { openSocket, type TestSocket } from '../support/socket';

// Uploads go to one instance and are followed on the other.

let one: TestServer;
let two: TestServer;
let seller: SellerClient;
const JWT_SECRET = 'one secret for both instances, 0123456789';

beforeAll(async () => {
  one = await startTestServer({ JWT_SECRET });
  two = await startTestServer({ JWT_SECRET, DATABASE_URL: one.db.url });
  seller = await aSeller(one);
}, 60_000);
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const progressOf = (socket: TestSocket) =>
  socket.messages.filter(({ type }) => type === 'upload_progress').map((message) => message.data);

const untilDone = (socket: TestSocket) => until(() => progressOf(socket).at(-1)?.progress_percent === 100, '100 %');

test('an upload is followed by its id from before it begins, on another instance, by its owner alone', async () => {
  const id = newId();
  const stranger = await aSeller(one);
  const path = `/ws/products/${id}/status`;
  const socket = await openSocket(two.url, path, { token: seller.accessToken });
  const spies = await Promise.all(
    [path, '/ws/products'].map((of) => openSocket(two.url, of, { token: stranger.accessToken })),
  );
  const body = multipartBytes(productParts(PROMPT, [await photo(), await photo({ seed: 2 })]));
  const answer = await rawPost(one.port, {
    path: '/api/products',
    headers: {
      ...seller.headers,
      'x-upload-id': id,
      'content-type': multipartType(),
      'content-length': String(body.length),
    },
    async send(write) {
      await write(body.subarray(0, body.length / 2));
      // it is seen while it runs
      await until(() => progressOf(socket).length > 0, 'progress while it runs');
      await write(body.subarray(body.length / 2));
    },
  });
  expect(answer.status).toBe(201);
  await untilDone(socket);
  const told = progressOf(socket);
  expect(told[0]!.progress_percent).toBeLessThan(60);
  expect(told.at(-1)).toEqual({ product_id: id, uploaded_images: 2, total_images: 2, progress_percent: 100 });
  const percents = told.map(({ progress_percent }) => progress_percent as number);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  const messages = socket.messages.filter(({ type }) => type === 'upload_progress');
  for (const message of messages) expect(Object.keys(message)).toEqual(['type', 'data']);
  await until(() => socket.messages.some(({ data }) => data.status === 'uploading'), 'the product');
  expect(spies.map((spy) => spy.messages)).toEqual([[], []]);
  for (const open of [socket, ...spies]) open.close();
}, 30_000);

test('uploads by tRPC and direct uploads are told to who follows all', async () => {
  const socket = await openSocket(two.url, '/ws/products', { token: seller.accessToken });
  const picture = await photo();
  const created = await seller.trpc().products.create.mutate(productForm([picture]));
  await untilDone(socket);
  expect(progressOf(socket).at(-1)).toMatchObject({ product_id: created.id, uploaded_images: 1, total_images: 1 });

  const sha256 = new Bun.CryptoHasher('sha256').update(picture).digest('hex');
  const image = { content_type: 'image/jpeg' as const, file_size_bytes: picture.length, sha256 };
  const api = seller.trpc();
  const { product_id, uploads } = await api.uploads.start.mutate({ prompt_text: PROMPT, images: [image] });
  const ofDirect = () => progressOf(socket).filter((data) => data.product_id === product_id);
  await until(() => ofDirect().length > 0, 'the announcement');
  expect(ofDirect()[0]).toEqual({ product_id, uploaded_images: 0, total_images: 1, progress_percent: 0 });
  const [{ url, headers }] = uploads as [(typeof uploads)[number]];
  expect((await fetch(url, { method: 'PUT', body: new Uint8Array(picture), headers })).status).toBe(200);
  await until(() => ofDirect().at(-1)?.progress_percent === 100, 'what has arrived');
  expect(ofDirect().at(-1)).toMatchObject({ uploaded_images: 1, total_images: 1 });
  const told = ofDirect().length;
  await api.uploads.urls.mutate({ product_id });
  await until(() => ofDirect().length > told, 'what /urls has looked at');
  await api.uploads.complete.mutate({ product_id });
  await until(() => socket.messages.some(({ data }) => data.product_id === product_id && data.status), 'the product');
  socket.close();
}, 30_000);

test('an upload is not hurt where nothing can be told', async () => {
  await one.db.sql('revoke execute on function pg_notify(text, text) from public');
  try {
    // the trigger's own notice of the event is made with the rights of the tables' owner
    expect((await seller.upload([await photo({ seed: 3 })])).status).toBe(201);
  } finally {
    await one.db.sql('grant execute on function pg_notify(text, text) to public');
  }
});
