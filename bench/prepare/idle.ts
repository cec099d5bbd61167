import { percentile } from '../report/statistics';
import { short } from '../report/table';
import type { Ground } from './prepare';

/** How long after its 201 a product of eight photos is `processing` where nothing else is to be done. */
export async function idleToProcessing({ app, queue, client, rounds }: Ground): Promise<string> {
  const job = {
    kind: 'products',
    url: `${app.url}/api/products`,
    headers: app.headers,
    products: 1,
    concurrency: 1,
  } as const;
  const times: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    await client.run(job);
    const answeredAt = performance.now();
    while ((await queue.waiting()) > 0) await Bun.sleep(5);
    if (round >= 0) times.push(performance.now() - answeredAt);
  }
  return `From 201 to \`processing\`, 8 photos, nothing else to do: ${short(percentile(times, 0.5))} ms (median), ${short(Math.max(...times))} ms (longest).`;
}
