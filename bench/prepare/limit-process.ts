/**
 * The limits: sharp, and nothing else. `bun bench/prepare/limit-process.ts <photo…>`: each message says how many images to decode and
 * encode, one after the other, from memory and into it, and by which of the two; the answer says how long that took.
 */
import { constants, setPriority } from 'node:os';
import { VARIANTS } from '../../src/modules/processing/domain/prepare/variants';

setPriority(constants.priority.PRIORITY_LOW);
const { default: sharp } = await import('sharp');
const { makeVariants } = await import('../../src/modules/processing/infrastructure/prepare/make-variants');
sharp.cache(false);
sharp.concurrency(1);
const photos = await Promise.all(process.argv.slice(2).map(async (path) => Buffer.from(await Bun.file(path).bytes())));

const LOOPS = {
  /** As anybody would write it: a pipeline for each variant, of the same sizes, formats and qualities. */
  async plain(photo: Buffer): Promise<void> {
    const upright = (side: number) =>
      sharp(photo).autoOrient().resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
    await upright(VARIANTS.model.longestSide).flatten({ background: '#fff' }).jpeg({ quality: 85 }).toBuffer();
    await upright(VARIANTS.thumb.longestSide).webp({ quality: 80, effort: 2 }).toBuffer();
  },
  /** What a decoder of ours does with each image: it also refuses what is not whole. */
  async own(photo: Buffer): Promise<void> {
    await makeVariants(sharp, photo, 50_000_000);
  },
};

export type LimitLoop = keyof typeof LOOPS;

process.on('message', async ({ images, loop }: { images: number; loop: LimitLoop }) => {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  for (let image = 0; image < images; image += 1) await LOOPS[loop](photos[image % photos.length] ?? Buffer.alloc(0));
  const { user, system } = process.cpuUsage(cpu);
  process.send?.({ seconds: (performance.now() - startedAt) / 1000, cpuSeconds: (user + system) / 1e6 });
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
