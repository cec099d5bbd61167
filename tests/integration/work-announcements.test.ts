import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Principal } from '../../src/kernel/principal';
import { answerOf } from '../support/products-fixture';
import { announced, type WorkKit, workKit } from '../support/work-kit';

describe('announcing a result', () => {
  let kit: WorkKit;
  let worker: Principal;
  beforeAll(async () => {
    kit = await workKit({ MAX_IMAGE_BYTES: '100000' });
    worker = await kit.aWorker();
  }, 60_000);
  afterAll(() => kit.stop());

  test('is refused where it cannot be taken, and no PUT is signed', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const stranger = await kit.aProduct(await kit.aSeller());
    const { lease_id: id } = await kit.claimOne(worker, product);
    const [image] = product.images as unknown as [string];
    const small = Buffer.from('small');
    for (const [images, code] of [
      [[announced(image, small, 'image/gif')], 'UNSUPPORTED_FORMAT'],
      [[{ ...announced(image, small), file_size_bytes: 100_001 }], 'IMAGE_TOO_LARGE'],
      [[announced(image, small), announced(image.toUpperCase(), small)], 'VALIDATION_FAILED'],
      [[announced(stranger.images[0]!, small)], 'IMAGE_NOT_FOUND'],
      [[announced('no id', small)], 'IMAGE_NOT_FOUND'],
      [Array.from({ length: 9 }, () => announced(crypto.randomUUID(), small)), 'TOO_MANY_IMAGES'],
    ] as const) {
      expect(await answerOf(kit.as(worker).work.resultUrls({ id, images: [...images] }))).toMatchObject({ code });
    }
    expect(await kit.rows('select 1 from work_results')).toEqual([]);
    expect(await kit.rows("select 1 from intents where kind = 'result'")).toEqual([]);
  });

  test('is for processing: while publishing it is a conflict', async () => {
    const product = await kit.aProduct(await kit.aSeller(), 'publishing');
    const { lease_id: id } = await kit.claimOne(worker, product, { phase: 'publishing' });
    const call = kit.as(worker).work.resultUrls({ id, images: [announced(product.images[0]!, Buffer.from('x'))] });
    expect(await answerOf(call)).toMatchObject({ code: 'CONFLICT' });
  });

  test('gives PUTs that live as long as the lease: a minute at least', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    for (const [lease_seconds, seconds] of [
      [10, 60],
      [600, 600],
    ] as const) {
      const { lease_id: id } = await kit.claimOne(worker, product, { lease_seconds });
      const images = [announced(product.images[0]!, Buffer.from('x'))];
      const { uploads } = await kit.as(worker).work.resultUrls({ id, images });
      expect((new Date(uploads[0]!.expires_at).getTime() - Date.now()) / 1000).toBeWithin(seconds - 15, seconds + 2);
      const [row] = await kit.rows<{ at: Date }>('select put_expires_at as at from intents where id = $1', id);
      expect(row?.at.toISOString()).toBe(uploads[0]!.expires_at);
      await kit.expire(id);
    }
  });
});
