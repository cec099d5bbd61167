import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../src/container';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { PROMPT, type SellerClient } from './seller-client';

export type Awaited = inferRouterOutputs<AppRouter>['uploads']['start'];
export type Product = inferRouterOutputs<AppRouter>['products']['get'];
type Put = Awaited['uploads'][number];

/** What a client says of a photo before it sends it. */
export function announced(photo: Uint8Array) {
  const isPng = photo[0] === 0x89;
  return {
    content_type: isPng ? 'image/png' : 'image/jpeg',
    file_size_bytes: photo.length,
    sha256: sha256OfBytes(photo) as string,
  };
}

/** POST /api/uploads of these photos. @throws Error where it is refused */
export async function start(seller: SellerClient, photos: readonly Uint8Array[]): Promise<Awaited> {
  const response = await seller.call('POST', '/api/uploads', { prompt_text: PROMPT, images: photos.map(announced) });
  if (response.status !== 201) throw new Error(`the start answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Awaited;
}

/** As a browser would: method, URL and headers as they were given. */
export function put({ method, url, headers }: Put, bytes: Uint8Array): Promise<Response> {
  return fetch(url, { method, headers, body: Buffer.from(bytes) });
}

/** All of them. @throws Error where one is refused */
export async function putAll({ uploads }: Awaited, photos: readonly Uint8Array[]): Promise<void> {
  for (const [index, upload] of uploads.entries()) {
    const response = await put(upload, photos[index] ?? Buffer.alloc(0));
    if (!response.ok) throw new Error(`the PUT answered ${response.status}: ${await response.text()}`);
    await response.body?.cancel();
  }
}

export const complete = (seller: SellerClient, id: string) => seller.call('POST', `/api/uploads/${id}/complete`);
export const renew = (seller: SellerClient, id: string, images?: object[]) =>
  seller.call('POST', `/api/uploads/${id}/urls`, images ? { images } : {});
export const abort = (seller: SellerClient, id: string) => seller.call('DELETE', `/api/uploads/${id}`);

/** Start, PUTs, complete. @throws Error where any of it is refused */
export async function uploadDirectly(seller: SellerClient, photos: readonly Uint8Array[]): Promise<Product> {
  const upload = await start(seller, photos);
  await putAll(upload, photos);
  const response = await complete(seller, upload.product_id);
  if (response.status !== 200) throw new Error(`completion answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Product;
}

/** `[image_id, problem]` of every image that UPLOAD_INCOMPLETE names. @throws Error for any other answer */
export async function problemsOf(response: Response): Promise<[string, string][]> {
  const { error } = (await response.json()) as {
    error?: { code: string; details: { images: { image_id: string; problem: string }[] } };
  };
  if (response.status !== 409 || error?.code !== 'UPLOAD_INCOMPLETE') throw new Error(`it answered ${response.status}`);
  return error.details.images.map(({ image_id, problem }) => [image_id, problem]);
}

/** What is the same of two products of the same photos: all but ids, times, and the signatures of URLs. */
export function withoutIdsAndTimes(product: Product): unknown {
  const text = JSON.stringify(product)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '(id)')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(time)')
    .replaceAll(/(expires|X-Amz-Date|X-Amz-Expires|X-Amz-Signature|signature)=[^"&]*/g, '$1=(signed)')
    .replaceAll(/max-age(=|%3D)\d+/g, 'max-age=(time)');
  return JSON.parse(text);
}
