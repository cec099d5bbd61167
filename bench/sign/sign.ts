import { parseArgs } from 'node:util';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { median } from '../report/statistics';
import { short, table } from '../report/table';
import { benchBatches, IMAGES, PRODUCTS } from './batches';
import { keysOf, type Presigner, presigners } from './presigners';

/** So long each of them signs before the next has its turn. */
const TURN_MS = 1_000;

/** Signed URLs a second: by the signers alone, one at a time and many, and end to end by POST /api/image-urls. */
export async function benchSign(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      store: { type: 'string', default: 's3' },
      save: { type: 'boolean', default: false },
    },
  });
  if (values.store !== 'disk' && values.store !== 's3') throw new Error('--store is disk or s3');
  const rounds = Number(values.rounds);
  const signers = await presigners();
  const sections = [
    `One at a time\n\n${await sideBySide(signers, 1, rounds)}`,
    `${PRODUCTS * IMAGES} at a time\n\n${await sideBySide(signers, PRODUCTS * IMAGES, rounds)}`,
    `End to end, \`POST /api/image-urls\` for ${PRODUCTS} products of ${IMAGES} images, ${values.store}\n\n${await benchBatches(values.store, rounds)}`,
  ];
  const summary = `\`bun run bench sign --store ${values.store}\`, median of ${rounds} rounds; ${machine()}`;
  const text = `${summary}.\n\n${sections.join('\n\n')}`;
  console.log(text);
  if (values.save) await saveOnPage('sign', text);
}

/** In turns; the first round is for the compiler. */
async function sideBySide(signers: readonly Presigner[], atOnce: number, rounds: number): Promise<string> {
  const rates = new Map<Presigner, number[]>(signers.map((signer) => [signer, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [signer, taken] of rates) {
      const rate = await ratePerSecond(signer, atOnce);
      if (round >= 0) taken.push(rate);
    }
  }
  const measure = median(rates.get(signers.find(({ isMeasure }) => isMeasure) ?? (signers[0] as Presigner)) ?? []);
  const rows = [...rates].map(([{ name }, taken]) => {
    const rate = median(taken);
    return [name, short(rate), short(1e6 / rate), short(rate / measure)];
  });
  return table(['', 'URLs/s', 'µs each', 'of the AWS SDK’s'], rows);
}

async function ratePerSecond(signer: Presigner, atOnce: number): Promise<number> {
  const keys = keysOf(Math.max(atOnce, 1_000));
  const lots = Array.from({ length: keys.length / atOnce }, (_, lot) => keys.slice(lot * atOnce, (lot + 1) * atOnce));
  const startedAt = performance.now();
  let signed = 0;
  while (performance.now() - startedAt < TURN_MS) {
    for (const lot of lots) signed += (await signer.sign(lot)).length;
  }
  return signed / ((performance.now() - startedAt) / 1000);
}
