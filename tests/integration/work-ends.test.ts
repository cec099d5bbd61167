import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Principal } from '../../src/kernel/principal';
import { answerOf } from '../support/products-fixture';
import { type WorkKit, workKit } from '../support/work-kit';

let kit: WorkKit;
let worker: Principal;

beforeAll(async () => {
  kit = await workKit({ WORK_RETRY_BASE_SECONDS: '30' });
  worker = await kit.aWorker();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(() => kit.rows('delete from products'));

const secondsTo = (time: string | null) => (new Date(time ?? 0).getTime() - Date.now()) / 1000;
const historyOf = (id: string) =>
  kit.rows('select event, to_status, actor, reason from product_status_history where product_id = $1 order by id', id);

describe('complete', () => {
  test('makes the product ready, with the worker’s metadata, history and events', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const { lease_id: id } = await kit.claimOne(worker, product, { worker: 'gpu-7' });
    const images = [{ image_id: product.images[0]!, processing_metadata: { background: 'removed', score: 0.9 } }];
    const answer = await kit.as(worker).work.complete({ id, images });
    expect(answer).toEqual({ lease_id: id, product_id: product.id, status: 'ready' });
    expect(await kit.product(product)).toMatchObject({ status: 'ready' });
    expect(await kit.item(product)).toBeUndefined();
    expect(await kit.leaseState(id)).toBe('completed');
    expect((await historyOf(product.id)).at(-1)).toEqual({
      event: 'COMPLETE',
      to_status: 'ready',
      actor: 'worker:gpu-7',
      reason: null,
    });
    const types = await kit.rows(
      'select type from product_events where product_id = $1 order by number desc limit 2',
      product.id,
    );
    expect(types).toEqual([{ type: 'processing_complete' }, { type: 'status_change' }]);
    const [image] = await kit.rows(
      'select processing_metadata, processed_s3_url, processed_at from product_images where id = $1',
      product.images[0],
    );
    expect(image).toEqual({
      processing_metadata: { background: 'removed', score: 0.9 },
      processed_s3_url: null,
      processed_at: null,
    });
  });

  test('leaves standing what the decoder has said of an image', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const image_id = product.images[0]!;
    const refused = { prepare_refused: 'it is no picture' };
    await kit.rows('update product_images set processing_metadata = $2 where id = $1', image_id, refused);
    const { lease_id: id } = await kit.claimOne(worker, product);
    await kit.as(worker).work.complete({ id, images: [{ image_id, processing_metadata: { score: 0.9 } }] });
    const [image] = await kit.rows('select processing_metadata from product_images where id = $1', image_id);
    expect(image).toEqual({ processing_metadata: { score: 0.9, ...refused } });
  });

  test('cannot say in the decoder’s place that an image is refused', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const image_id = product.images[0]!;
    const { lease_id: id } = await kit.claimOne(worker, product);
    const processing_metadata = { score: 0.9, prepare_refused: 'it is no picture' };
    await kit.as(worker).work.complete({ id, images: [{ image_id, processing_metadata }] });
    const [image] = await kit.rows('select processing_metadata from product_images where id = $1', image_id);
    expect(image).toEqual({ processing_metadata: { score: 0.9 } });
  });

  test('of a published product keeps what the worker says of it', async () => {
    const product = await kit.aProduct(await kit.aSeller(), 'publishing');
    const { lease_id: id } = await kit.claimOne(worker, product, { phase: 'publishing' });
    const result = { ml_listing_id: 'MLA123', permalink: 'https://articulo.example/MLA123' };
    const answer = await kit.as(worker).work.complete({ id, images: [], result });
    expect(answer).toEqual({ lease_id: id, product_id: product.id, status: 'published', result });
    expect(await kit.product(product)).toMatchObject({ status: 'published' });
  });

  test('asked again answers the same and changes nothing, whatever it is told then', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const { lease_id: id } = await kit.claimOne(worker, product);
    const { work } = kit.as(worker);
    const answer = await work.complete({ id, images: [], result: { made: 1 } });
    const before = await kit.rows('select * from product_events where product_id = $1', product.id);
    expect(
      await work.complete({ id, images: [{ image_id: product.images[0]!, processing_metadata: { other: true } }] }),
    ).toEqual(answer);
    expect(await answerOf(work.fail({ id, error: 'it was not', retryable: true }))).toMatchObject({
      code: 'LEASE_LOST',
    });
    expect(await answerOf(work.heartbeat({ id }))).toMatchObject({ code: 'LEASE_LOST' });
    expect(await kit.rows('select * from product_events where product_id = $1', product.id)).toEqual(before);
    const [image] = await kit.rows('select processing_metadata from product_images where id = $1', product.images[0]);
    expect(image).toEqual({ processing_metadata: null });
  });

  test('many times at once answers the same to all and completes once', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const { lease_id: id } = await kit.claimOne(worker, product);
    const calls = Array.from({ length: 6 }, (_, n) => kit.as(worker).work.complete({ id, images: [], result: { n } }));
    const answers = await Promise.all(calls);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await historyOf(product.id)).filter(({ event }) => event === 'COMPLETE')).toHaveLength(1);
  });

  test('and fail at once: one of them counts', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const { lease_id: id } = await kit.claimOne(worker, product);
    const { work } = kit.as(worker);
    const outcomes = await Promise.allSettled([
      work.complete({ id, images: [] }),
      work.fail({ id, error: 'out of memory', retryable: false }),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const ended = outcomes[0].status === 'fulfilled' ? 'ready' : 'failed';
    expect(await kit.product(product)).toMatchObject({ status: ended });
  });

  test('of an image that is not the product’s is IMAGE_NOT_FOUND, and the lease lives on', async () => {
    const [product, other] = [await kit.aProduct(await kit.aSeller()), await kit.aProduct(await kit.aSeller())];
    const { lease_id: id } = await kit.claimOne(worker, product);
    for (const image_id of [other.images[0]!, 'no id']) {
      const call = kit.as(worker).work.complete({ id, images: [{ image_id }] });
      expect(await answerOf(call)).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    }
    const twice = [{ image_id: product.images[0]! }, { image_id: product.images[0]!.toUpperCase() }];
    expect(await answerOf(kit.as(worker).work.complete({ id, images: twice }))).toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    expect(await kit.leaseState(id)).toBe('live');
    expect(await kit.product(product)).toMatchObject({ status: 'processing' });
  });
});

describe('fail', () => {
  test('that may do better later waits, longer each time, and is claimed when its time has come', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    for (const [attempt, seconds] of [
      [1, 30],
      [2, 60],
    ] as const) {
      const { lease_id: id, ...job } = await kit.claimOne(worker, product);
      expect(job.attempt).toBe(attempt);
      const answer = await kit.as(worker).work.fail({ id, error: 'the model is busy', retryable: true });
      expect(answer).toMatchObject({ lease_id: id, product_id: product.id, status: 'processing' });
      expect(secondsTo(answer.retry_at)).toBeWithin(seconds - 15, seconds + 1);
      expect(await kit.leaseState(id)).toBe('failed');
      expect(await kit.claim(worker, { max: 10 })).toEqual([]);
      expect(await kit.as(worker).work.fail({ id, error: 'again', retryable: false })).toEqual(answer);
      await kit.wake(product.id);
    }
    expect(await kit.product(product)).toMatchObject({ status: 'processing' });
    expect(await kit.claimOne(worker, product)).toMatchObject({ attempt: 3 });
  });

  test('the last time fails the product with the worker’s reason, and the seller may try again', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const { lease_id: id } = await kit.claimOne(worker, product, { worker: 'gpu-7' });
      const answer = await kit.as(worker).work.fail({ id, error: `no ${attempt}`, retryable: true });
      if (attempt === 3)
        expect(answer).toEqual({ lease_id: id, product_id: product.id, status: 'failed', retry_at: null });
      await kit.wake(product.id);
    }
    expect(await kit.product(product)).toEqual({
      status: 'failed',
      failed_from: 'processing',
      processing_error: 'no 3',
    });
    expect((await historyOf(product.id)).at(-1)).toEqual({
      event: 'FAIL',
      to_status: 'failed',
      actor: 'worker:gpu-7',
      reason: 'no 3',
    });
    const [event] = await kit.rows(
      "select data from product_events where product_id = $1 and type = 'error'",
      product.id,
    );
    expect(event).toMatchObject({ data: { error_message: 'no 3', retry_available: true } });
  });

  test('that no repetition would cure fails the product at once', async () => {
    const product = await kit.aProduct(await kit.aSeller(), 'publishing');
    const { lease_id: id } = await kit.claimOne(worker, product, { phase: 'publishing' });
    await kit.as(worker).work.fail({ id, error: 'the category does not exist', retryable: false });
    expect(await kit.product(product)).toEqual({
      status: 'failed',
      failed_from: 'publishing',
      processing_error: 'the category does not exist',
    });
  });

  test('many times at once answers the same to all, and costs one attempt', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    const { lease_id: id } = await kit.claimOne(worker, product);
    const calls = Array.from({ length: 6 }, () => kit.as(worker).work.fail({ id, error: 'busy', retryable: true }));
    expect(new Set((await Promise.all(calls)).map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await kit.item(product)).toMatchObject({ state: 'waiting', attempts: 1 });
  });
});

describe('what is measured', () => {
  test('are leases by how they ended, the time of work, and the queue by phase and state', async () => {
    const seller = await kit.aSeller();
    for (let n = 0; n < 2; n += 1) await kit.aProduct(seller);
    await kit.aProduct(seller, 'publishing');
    const [job] = await kit.claim(worker);
    const lines = async () => (await (await fetch(`${kit.server.url}/metrics`)).text()).split('\n');
    const value = async (line: string) =>
      Number((await lines()).find((one) => one.startsWith(`${line} `))?.split(' ')[1] ?? 0);
    expect(await value('work_queue{phase="processing",state="queued"}')).toBe(1);
    expect(await value('work_queue{phase="processing",state="leased"}')).toBe(1);
    expect(await value('work_queue{phase="publishing",state="queued"}')).toBe(1);
    const before = await value('work_leases_total{phase="processing",outcome="completed"}');
    const timed = await value('work_duration_seconds_count{phase="processing"}');
    await kit.as(worker).work.complete({ id: job!.lease_id, images: [] });
    expect(await value('work_leases_total{phase="processing",outcome="completed"}')).toBe(before + 1);
    expect(await value('work_duration_seconds_count{phase="processing"}')).toBe(timed + 1);
    const lost = await value('work_leases_total{phase="processing",outcome="lost"}');
    const [second] = await kit.claim(worker);
    await kit.expire(second!.lease_id);
    await kit.sweep();
    expect(await value('work_leases_total{phase="processing",outcome="lost"}')).toBe(lost + 1);
  });
});
