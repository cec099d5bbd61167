import { expect, test } from 'bun:test';
import { postgresLivingObjects } from './living-objects';

test('rows are asked for what they name 500 images at a time, each page after the one before it', async () => {
  const images = Array.from({ length: 1003 }, () => Bun.randomUUIDv7()).sort();
  const asked: number[] = [];
  const database = {
    query: async (_text: string, [after, limit]: [string | null, number]) => {
      const from = after === null ? 0 : images.indexOf(after) + 1;
      const page = images.slice(from, from + limit);
      asked.push(page.length);
      return { rows: page.map((image_id) => ({ image_id, sha256: null, size: 1, role: 'original', key: image_id })) };
    },
  };
  const keys: string[] = [];
  for await (const { key } of postgresLivingObjects(database as never).objects()) keys.push(key as unknown as string);
  expect(asked).toEqual([500, 500, 3, 0]);
  expect(keys).toEqual(images);
});
