import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Bytes } from '../../domain/codec';
import { LineCutter } from './line-cutter';

async function* chunked(text: string, sizes: readonly number[]): Bytes {
  const bytes = Buffer.from(text);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('parts together are the stream, each ends with a whole line, and none is empty', async () => {
  const line = fc.string({ maxLength: 30 }).map((text) => `${text.replaceAll('\n', '')}\n`);
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(line), sizes, fc.integer({ min: 1, max: 100 }), async (lines, chunks, limit) => {
      const text = lines.join('');
      const cutter = new LineCutter(chunked(text, chunks), limit);
      const parts: string[] = [];
      while (await cutter.hasMore()) parts.push(Buffer.concat(await Array.fromAsync(cutter.part())).toString());
      expect(parts.join('')).toBe(text);
      expect(parts.every((part) => part.endsWith('\n'))).toBeTrue();
    }),
  );
});
