import { median } from '../report/statistics';
import { short } from '../report/table';
import { childrenOf } from '../servers/children';
import type { Ground } from './prepare';
import { aim, type Section } from './section';

/** On a machine that does nothing else. */
const AIM_MS = 2000;
/** Each waits until the decoder has ended, half a minute after its last image. */
const COLD_ROUNDS = 3;
const DECODERS_END_WITHIN_MS = 90_000;

/**
 * How long after its 201 a product of eight photos is `processing` where nothing else is to be done: with a decoder that waits for work,
 * and with one that has to be started first, as for whoever comes after a quiet half minute.
 */
export async function idleToProcessing(ground: Ground): Promise<Section> {
  const [cold, warm]: [number[], number[]] = [[], []];
  while (cold.length < COLD_ROUNDS) {
    await decodersEnded(ground.app.pid);
    cold.push(await toProcessing(ground));
  }
  while (warm.length < ground.rounds) warm.push(await toProcessing(ground));
  const said = (of: readonly number[]) => `${short(median(of))} ms (median), ${short(Math.max(...of))} ms (longest)`;
  return {
    text: [
      `From 201 to \`processing\`, 8 photos, nothing else to do: ${said(warm)};`,
      `where a decoder has to be started first: ${said(cold)}.`,
    ].join('\n'),
    missed: [
      ...aim(median(warm) <= AIM_MS, `${short(median(warm))} ms to \`processing\`; the aim is ${AIM_MS}`),
      ...aim(median(cold) <= AIM_MS, `${short(median(cold))} ms to \`processing\` from cold; the aim is ${AIM_MS}`),
    ],
  };
}

async function toProcessing({ app, queue, client }: Ground): Promise<number> {
  await client.run({
    kind: 'products',
    url: `${app.url}/api/products`,
    sellers: [app.headers],
    products: 1,
    concurrency: 1,
  });
  const answeredAt = performance.now();
  while ((await queue.waiting()) > 0) await Bun.sleep(5);
  return performance.now() - answeredAt;
}

async function decodersEnded(appPid: number): Promise<void> {
  const endsAt = performance.now() + DECODERS_END_WITHIN_MS;
  while ((await childrenOf(appPid)).length > 0) {
    if (performance.now() > endsAt) throw new Error('the decoders do not end');
    await Bun.sleep(500);
  }
}
