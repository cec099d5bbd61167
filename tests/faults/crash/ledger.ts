import { newId } from '../../../src/kernel/ids';
import { sha256OfBytes } from '../../../src/kernel/sha256';
import { type Awaited, announced } from '../../support/direct-upload';
import { PROMPT, type SellerClient } from '../../support/seller-client';

/** What a client knows of one product that it has sent, and of what it has asked for since. */
export interface Sent {
  readonly key: string;
  readonly way: 'multipart' | 'direct';
  readonly photos: readonly Uint8Array[];
  /** Of an answered upload. */
  id: string | null;
  /** `deleting`: asked for, and no answer heard. */
  state: 'sent' | 'kept' | 'deleting' | 'deleted';
}

export function newSent(way: Sent['way'], photos: readonly Uint8Array[]): Sent {
  return { key: newId(), way, photos, id: null, state: 'sent' };
}

/** An answer that a living server must not give. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** An honest 503: ask again later. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof WrongAnswer && error.status === 503;
}

/** Sends it, or sends it again: with the same key, so that it becomes one product. @throws where no answer comes, or a wrong one */
export async function send(seller: SellerClient, sent: Sent): Promise<void> {
  const id = sent.way === 'multipart' ? await sendMultipart(seller, sent) : await sendDirectly(seller, sent);
  sent.id = id;
  sent.state = 'kept';
}

async function sendMultipart(seller: SellerClient, sent: Sent): Promise<string> {
  const response = await seller.upload(sent.photos, { 'idempotency-key': sent.key });
  return (await answered<{ id: string }>(response, 201)).id;
}

async function sendDirectly(seller: SellerClient, { key, photos }: Sent): Promise<string> {
  const started = await fetch(`${seller.url}/api/uploads`, {
    method: 'POST',
    headers: { ...seller.headers, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ prompt_text: PROMPT, images: photos.map(announced) }),
  });
  const { product_id, uploads } = await answered<Awaited>(started, 201, 200);
  await Promise.all(uploads.map((upload, index) => putOnce(upload, photos[index] ?? new Uint8Array())));
  const completed = await seller.call('POST', `/api/uploads/${product_id}/complete`);
  return (await answered<{ id: string }>(completed, 200)).id;
}

/** What is there already stays, and is verified by the completion. */
async function putOnce({ method, url, headers }: Awaited['uploads'][number], bytes: Uint8Array): Promise<void> {
  const response = await fetch(url, { method, headers, body: Buffer.from(bytes) });
  await response.arrayBuffer();
  if (!response.ok && response.status !== 412 && response.status !== 409) {
    throw new WrongAnswer(response.status, `a PUT answered ${response.status}`);
  }
}

/** Safe to repeat: one that is gone already is deleted. */
export async function remove(seller: SellerClient, sent: Sent): Promise<void> {
  const wasAsked = sent.state === 'deleting';
  sent.state = 'deleting';
  const response = await seller.call('DELETE', `/api/products/${sent.id}`);
  await answered(response, 204, ...(wasAsked ? [404] : []));
  sent.state = 'deleted';
}

export async function revoke(seller: SellerClient, sent: Sent): Promise<void> {
  await answered(await seller.call('POST', `/api/products/${sent.id}/revoke-urls`), 200);
}

/** Every byte, by the URLs that the seller is given. @throws WrongAnswer */
export async function expectBytes(seller: SellerClient, { id, photos }: Sent): Promise<void> {
  const response = await seller.call('GET', `/api/products/${id}`);
  const { images } = await answered<{ images: { original_url: string }[] }>(response, 200);
  const read = await Promise.all(images.map(async ({ original_url }) => (await fetch(original_url)).bytes()));
  const isSame = read.map(sha256OfBytes).join() === photos.map(sha256OfBytes).join();
  if (!isSame) throw new WrongAnswer(200, `the photos of ${id} are not those that were sent`);
}

export async function expectGone(seller: SellerClient, { id }: Sent): Promise<void> {
  await answered(await seller.call('GET', `/api/products/${id}`), 404);
}

async function answered<Body>(response: Response, ...expected: number[]): Promise<Body> {
  const text = await response.text();
  if (expected.includes(response.status)) return (text === '' ? null : JSON.parse(text)) as Body;
  throw new WrongAnswer(response.status, `${response.url} answered ${response.status}: ${text.slice(0, 300)}`);
}
