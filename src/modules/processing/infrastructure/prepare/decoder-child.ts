/**
 * The other side of `decoder-process.ts`: `bun decoder-child.ts <most pixels>`. Reads one image at a time, writes its variants, and
 * ends with its parent. It is given no secret, and yields to whatever else the machine has to do.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import type { Decoded } from '../../domain/prepare/image-decoder';
import { VARIANT_NAMES } from '../../domain/prepare/variants';
import type { FromDecoder, ToDecoder } from './decoder-messages';
import { makeVariants } from './make-variants';

const say = (message: FromDecoder) => process.send?.(message);
const whyOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

// Ctrl-C reaches the whole process group: the parent says when this ends, or ends itself.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());

// Where memory runs out, the kernel ends this and not the server. What is no Linux has no such file, and a sandbox may refuse it.
await writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined);

try {
  setPriority(constants.priority.PRIORITY_LOW); // before sharp's threads are made: they get it from this one
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  const maxPixels = Number(process.argv[2]);
  process.on('message', (request: ToDecoder) => {
    decode(sharp, request, maxPixels).then(say, (error) => say({ is: 'error', why: whyOf(error) }));
  });
  say({ is: 'ready' });
} catch (error) {
  say({ is: 'unavailable', why: whyOf(error) });
}

async function decode(sharp: typeof import('sharp').default, request: ToDecoder, maxPixels: number): Promise<Decoded> {
  const made = await makeVariants(sharp, await readFile(request.original), maxPixels);
  if (made.is === 'refused') return made;
  const { thumb, model } = made.variants;
  await Promise.all(
    VARIANT_NAMES.map((name) => writeFile(request.variants[name], made.variants[name].bytes, { mode: 0o600 })),
  );
  const size = ({ width, height }: typeof thumb) => ({ width, height });
  return { is: 'made', variants: { thumb: size(thumb), model: size(model) } };
}
