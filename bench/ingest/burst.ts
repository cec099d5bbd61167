import type { Uplink } from '../load/jobs';
import type { LoadClient } from '../load/load-client';
import { percentile } from '../report/statistics';
import type { Contender } from './contender';

/** One burst of products against one contender. */
export interface Burst {
  readonly productsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** NaN where there is no server of ours. */
  readonly cpuSecondsPerGigabyte: number;
  readonly peakMebibytes: number;
}

/** What a process needs until its code is compiled: the app's CPU seconds a gigabyte fall by a third over the first six bursts. */
const WARM_UP_BURSTS = 6;
export const WARM_UP = `${WARM_UP_BURSTS} bursts with 8 at once before`;

/**
 * Bursts that do not count, the same number for every contender.
 * @param clear empties the store: a volume in memory has no room for all of them
 */
export async function warmUp(
  contenders: readonly Contender[],
  client: LoadClient,
  products: number,
  clear: () => Promise<void> = async () => undefined,
): Promise<void> {
  for (let burst = 0; burst < WARM_UP_BURSTS; burst += 1) {
    await clear();
    for (const contender of contenders) await client.run(contender.job(products, 8));
  }
}

export async function runBurst(
  contender: Contender,
  client: LoadClient,
  size: { products: number; concurrency: number; bytesPerProduct: number } & Uplink,
): Promise<Burst> {
  const { cost } = contender;
  const { uplinkBytesPerSecond } = size;
  const job = { ...contender.job(size.products, size.concurrency), uplinkBytesPerSecond };
  await cost?.forgetPeak();
  const cpuBefore = (await cost?.cpuSeconds()) ?? Number.NaN;
  const { seconds, latenciesMs } = await client.run(job);
  const cpu = ((await cost?.cpuSeconds()) ?? Number.NaN) - cpuBefore;
  const bytes = size.products * size.bytesPerProduct;
  return {
    productsPerSecond: size.products / seconds,
    megabytesPerSecond: bytes / 1e6 / seconds,
    p50Ms: percentile(latenciesMs, 0.5),
    p95Ms: percentile(latenciesMs, 0.95),
    cpuSecondsPerGigabyte: cpu / (bytes / 1e9),
    peakMebibytes: cost ? (await cost.peakBytes()) / 2 ** 20 : Number.NaN,
  };
}
