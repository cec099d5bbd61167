/**
 * The limit: what a decoder does, and nothing else. `bun bench/prepare/limit-process.ts <photo…>`: each message says how many images
 * to decode and encode, one after the other, from memory and into it; the answer says how long that took.
 */
import { constants, setPriority } from 'node:os';

setPriority(constants.priority.PRIORITY_LOW);
const { default: sharp } = await import('sharp');
const { makeVariants } = await import('../../src/modules/processing/infrastructure/prepare/make-variants');
sharp.cache(false);
sharp.concurrency(1);
const photos = await Promise.all(process.argv.slice(2).map(async (path) => Buffer.from(await Bun.file(path).bytes())));

process.on('message', async ({ images }: { images: number }) => {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  for (let image = 0; image < images; image += 1) {
    await makeVariants(sharp, photos[image % photos.length] ?? Buffer.alloc(0), 50_000_000);
  }
  const { user, system } = process.cpuUsage(cpu);
  process.send?.({ seconds: (performance.now() - startedAt) / 1000, cpuSeconds: (user + system) / 1e6 });
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
