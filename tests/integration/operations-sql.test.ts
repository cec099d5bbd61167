import { afterAll, beforeAll, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { type WorkKit, workKit } from '../support/work-kit';

const page = await Bun.file(resolve(import.meta.dir, '../../docs/operations.md')).text();
const statements = [...page.matchAll(/^```sql\n(.*?)^```/gms)]
  .flatMap(([, block = '']) => block.split(/;$/m))
  .map((statement) => statement.trim())
  .filter((statement) => statement !== '');
/** @param id of what the operator asks for: the page says '…' */
const ofPage = (word: string, id: string) =>
  statements.filter((statement) => statement.includes(word)).map((statement) => statement.replace("'…'", `'${id}'`));

let kit: WorkKit;
beforeAll(async () => {
  kit = await workKit();
}, 60_000);
afterAll(() => kit.stop());

test('every statement of docs/operations.md is one that the database takes', async () => {
  expect(statements.length).toBeGreaterThan(5);
  for (const statement of ofPage('', Bun.randomUUIDv7())) await kit.rows(`explain ${statement}`);
});

test('an operator finds what a worker said of its success as docs/operations.md says', async () => {
  const worker = await kit.aWorker();
  const product = await kit.aProduct(await kit.aSeller(), 'processing', 1);
  const { lease_id: id } = await kit.claimOne(worker, product);
  const images = [{ image_id: product.images[0]!, processing_metadata: { score: 0.9 } }];
  await kit.as(worker).work.complete({ id, images, result: { model: 'v3' } });
  const [ofResult = ''] = ofPage("answer->'result'", product.id);
  expect(await kit.rows(ofResult)).toMatchObject([{ phase: 'processing', worker: 'tests', result: { model: 'v3' } }]);
  const [ofImages = ''] = ofPage('processed_at, processing_metadata', product.id);
  expect(await kit.rows(ofImages)).toMatchObject([{ id: product.images[0]!, processing_metadata: { score: 0.9 } }]);
});
