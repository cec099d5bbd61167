import { sha256OfBytes } from '../../src/kernel/sha256';
import { photo } from './photos';
import type { RecoveryKit } from './recovery-kit';
import { aSeller, type SellerClient } from './seller-client';

/** One product of the load, with the times of this machine between which it was certainly there. */
export interface Known {
  readonly id: string;
  readonly seller: SellerClient;
  readonly photos: readonly string[];
  readonly committedAt: number;
  /** When its deletion was asked for, and when it was answered. */
  deletion?: { readonly askedAt: number; answeredAt: number };
}

const STATUSES = ['processing', 'ready', 'publishing', 'published'];

/** Sellers who upload, delete and see their products led on, until they are told to stop. */
export function restlessSellers(kit: Pick<RecoveryKit, 'sql'>, server: { readonly url: string }, sellers = 3) {
  const known: Known[] = [];
  let isOver = false;

  async function work(seed: number): Promise<void> {
    const seller = await aSeller(server);
    const mine: Known[] = [];
    for (let round = 0; !isOver; round += 1) {
      const photos = await Promise.all([1, 2].map((n) => photo({ seed: seed * 100 + ((round + n) % 7) })));
      const response = await seller.upload(photos);
      if (response.status !== 201) throw new Error(`an upload answered ${response.status}: ${await response.text()}`);
      const { id } = (await response.json()) as { id: string };
      const product: Known = {
        id,
        seller,
        photos: photos.map((bytes) => sha256OfBytes(bytes)),
        committedAt: Date.now(),
      };
      mine.push(product);
      known.push(product);
      for (const status of STATUSES.slice(0, round % 5))
        await kit.sql('update products set status = $2 where id = $1', [id, status]);
      if (round % 3 === 2) await remove(mine[round - 1] as Known);
    }
  }

  async function remove(product: Known): Promise<void> {
    const askedAt = Date.now();
    product.deletion = { askedAt, answeredAt: Number.POSITIVE_INFINITY };
    const { status } = await product.seller.call('DELETE', `/api/products/${product.id}`);
    if (status !== 204) throw new Error(`a deletion answered ${status}`);
    product.deletion.answeredAt = Date.now();
  }

  const working = Promise.all(Array.from({ length: sellers }, (_, index) => work(index + 1)));
  working.catch(() => undefined);
  return {
    known,
    async stop(): Promise<void> {
      isOver = true;
      await working;
    },
  };
}

/** Certainly in a snapshot of that moment. */
export const wereThere = (known: readonly Known[], at: number) =>
  known.filter(({ committedAt, deletion }) => committedAt < at && (deletion?.askedAt ?? Number.POSITIVE_INFINITY) > at);

/** Certainly not. */
export const wereGone = (known: readonly Known[], at: number) =>
  known.filter(({ deletion }) => (deletion?.answeredAt ?? Number.POSITIVE_INFINITY) < at);

/** What the seller gets by the signed URLs of the product, as digests in order of position. */
export async function digestsByUrls(
  { id, seller }: Pick<Known, 'id' | 'seller'>,
  server: { readonly url: string },
): Promise<string[]> {
  const response = await seller.at(server).call('GET', `/api/products/${id}`);
  if (response.status !== 200) throw new Error(`product ${id} answered ${response.status}`);
  const { images } = (await response.json()) as { images: { original_url: string }[] };
  return await Promise.all(
    images.map(async ({ original_url }) => sha256OfBytes(await (await fetch(original_url)).bytes()) as string),
  );
}
