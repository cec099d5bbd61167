import { parseArgs } from 'node:util';
import { LoadClient } from '../load/load-client';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { median } from '../report/statistics';
import { short, table } from '../report/table';
import { startApp } from '../servers/app';
import { RUNTIME } from '../servers/runtime';
import { inScratchFolder } from '../servers/scratch';
import { startServerProcess } from '../servers/server-process';
import { type Burst, runBurst, WARM_UP, warmUp } from './burst';
import { type Contender, uploadTo } from './contender';
import { benchBucket } from './limit';
import { benchPhotos } from './photos';

const BURST_BYTES = 400e6;
const CONCURRENCY = 8;

/** Layer by layer, each with those before it. */
const LAYERS = [
  ['drain', 'the body is read'],
  ['parse', '+ its parts are told apart'],
  ['inspect', '+ each photo’s structure is walked'],
  ['stage', '+ it is hashed and written to a temporary file'],
  ['store', '+ it is put into the store'],
] as const;

/** Where an upload's processor time goes. */
export async function benchLayers(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      store: { type: 'string', default: 'disk' },
      mb: { type: 'string', default: '1.1' },
      rounds: { type: 'string', default: '5' },
      save: { type: 'boolean', default: false },
    },
  });
  const photos = await benchPhotos(Number(values.mb));
  const bytesPerProduct = photos.reduce((sum, photo) => sum + photo.sizeBytes, 0);
  const size = { products: Math.ceil(BURST_BYTES / bytesPerProduct), concurrency: CONCURRENCY, bytesPerProduct };
  const s3 = values.store === 's3' ? await benchBucket() : null;
  await inScratchFolder(async (folder) => {
    const environment = { FOLDER: folder, ...RUNTIME, ...(s3 ? { S3: JSON.stringify(s3.config) } : {}) };
    const server = await startServerProcess(['bench/servers/layers.ts'], '/', environment);
    const app = await startApp(`${folder}/data`, s3?.environment);
    const client = await LoadClient.start(photos.map((photo) => photo.path));
    const contenders = [
      ...LAYERS.map(([layer, name]) => uploadTo(name, `${server.url}/${layer}`, { cost: server.cost, sellers: [{}] })),
      uploadTo('+ database, checks, logs: this app', `${app.url}/api/products`, app),
    ];
    const measured = await inTurns(contenders, client, Number(values.rounds), size);
    client.stop();
    await server.stop();
    await app.stop();
    const command = `bun run bench layers --store ${values.store} --mb ${values.mb}`;
    const report = `\`${command}\`, ${CONCURRENCY} at once, median of ${values.rounds} rounds, ${WARM_UP}; ${machine()}.\n\n${reportOf(measured)}`;
    console.log(`\n${report}`);
    if (values.save) await saveOnPage(`layers ${values.store} ${values.mb}`, report);
  });
}

async function inTurns(
  contenders: readonly Contender[],
  client: LoadClient,
  rounds: number,
  size: Parameters<typeof runBurst>[2],
): Promise<Map<string, Burst[]>> {
  const measured = new Map<string, Burst[]>(contenders.map(({ name }) => [name, []]));
  await warmUp(contenders, client, size.products);
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      measured.get(contender.name)?.push(await runBurst(contender, client, size));
    }
  }
  return measured;
}

function reportOf(measured: ReadonlyMap<string, readonly Burst[]>): string {
  let before = 0;
  const rows = [...measured].map(([name, bursts]) => {
    const cpu = median(bursts.map((burst) => burst.cpuSecondsPerGigabyte));
    const row = [name, short(cpu), short(cpu - before), short(median(bursts.map((burst) => burst.megabytesPerSecond)))];
    before = cpu;
    return row;
  });
  return table(['', 'CPU s/GB', 'of this layer', 'MB/s'], rows);
}
