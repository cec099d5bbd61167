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

export async function runBurst(
  contender: Contender,
  client: LoadClient,
  size: { products: number; concurrency: number; bytesPerProduct: number },
): Promise<Burst> {
  const { cost } = contender;
  const job = contender.job(size.products, size.concurrency);
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
