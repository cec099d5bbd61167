import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Burst, WARM_UP, warmUp } from '../ingest/burst';
import { type Contender, uploadTo } from '../ingest/contender';
import { benchBucket, copiedS3Limit, diskLimits, emptyBucket, s3Limit } from '../ingest/limit';
import { type BenchPhoto, benchPhotos } from '../ingest/photos';
import { inTurns } from '../ingest/turns';
import { LoadClient } from '../load/load-client';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { median } from '../report/statistics';
import { short, table } from '../report/table';
import { type App, startApp } from '../servers/app';
import { RUNTIME } from '../servers/runtime';
import { inScratchFolder } from '../servers/scratch';
import { startServerProcess } from '../servers/server-process';

const BURST_BYTES_MIN = 200e6;

/** Of sellers who are limited by nothing but the machine that all of this runs on. */
const NO_LINE = 'none';

/**
 * Direct uploads beside PUTs straight to the store, and beside multipart: what the app adds, and what it has to do for it. By sellers
 * with a line of so many Mbit/s each, which is what they are for, and by such as have the machine's own.
 */
export async function benchDirect(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      store: { type: 'string', default: 's3' },
      mb: { type: 'string', default: '1.1' },
      concurrency: { type: 'string', default: '1,8,32' },
      rounds: { type: 'string', default: '5' },
      mbit: { type: 'string', default: `20,${NO_LINE}` },
      save: { type: 'boolean', default: false },
    },
  });
  if (values.store !== 'disk' && values.store !== 's3') throw new Error('--store is disk or s3');
  const { store, mb, rounds } = values;
  const lines = values.mbit.split(',');
  const photos = await benchPhotos(Number(mb));
  await inScratchFolder(async (folder) => {
    const { contenders, clear, stop } = await startContenders(store, folder, photos);
    const client = await LoadClient.start(photos.map((photo) => photo.path));
    await warmUp(contenders, client, burstSize(photos, 8).products, clear);
    for (const line of lines) {
      const sections: string[] = [];
      const uplinkBytesPerSecond = line === NO_LINE ? undefined : Number(line) * 125_000;
      for (const concurrency of values.concurrency.split(',').map(Number)) {
        const size = { ...burstSize(photos, concurrency), uplinkBytesPerSecond };
        const bursts = await inTurns(contenders, client, Number(rounds), size, clear);
        sections.push(`${concurrency} at once\n\n${reportOf(bursts)}`);
        console.log(`\n${line === NO_LINE ? '' : `${line} Mbit/s each, `}${sections.at(-1)}`);
      }
      const command = `bun run bench direct --store ${store} --mb ${mb} --mbit ${line}`;
      const summary = `\`${command}\`, median of ${rounds} rounds, ${WARM_UP}; ${machine()}`;
      console.log(`\n${summary}`);
      if (values.save)
        await saveOnPage(`direct ${store} ${mb} --mbit ${line}`, `${summary}.\n\n${sections.join('\n\n')}`);
    }
    client.stop();
    await stop();
  });
}

async function startContenders(store: 'disk' | 's3', folder: string, photos: readonly BenchPhoto[]) {
  await mkdir(`${folder}/bare`);
  const bare = await startServerProcess(['bench/servers/bare.ts'], '/', { FOLDER: `${folder}/bare`, ...RUNTIME });
  const bucket = store === 's3' ? await benchBucket() : null;
  const app = await startApp(`${folder}/data`, { ...bucket?.environment, MAX_OPEN_DIRECT_UPLOADS: '1000' });
  const [limit, ...besides] = bucket
    ? [await s3Limit(bucket, photos), await copiedS3Limit(bucket, photos)]
    : diskLimits(bare, photos)
        .slice(1)
        .map((each) => ({ ...each, name: 'a bare server that writes and fsyncs each photo' }));
  if (!limit) throw new Error('nothing to compare with');
  const contenders = [
    { ...limit, isLimit: true },
    ...besides.map((other) => ({ ...other, isLimit: false })),
    directTo(app, bucket?.environment.S3_ENDPOINT_URL ?? app.url, photos),
    uploadTo('this app, multipart', `${app.url}/api/products`, app),
  ];
  return {
    contenders,
    /** Before each burst: what all of them store would fill the store's volume. */
    async clear(): Promise<void> {
      if (bucket) await emptyBucket(bucket);
    },
    async stop() {
      await app.stop();
      await bare.stop();
    },
  };
}

function directTo({ url, cost, sellers }: App, storeUrl: string, photos: readonly BenchPhoto[]): Contender {
  const images = photos.map((photo) => ({
    content_type: 'image/jpeg',
    file_size_bytes: photo.sizeBytes,
    sha256: photo.sha256,
  }));
  const announcement = JSON.stringify({ prompt_text: 'Used mountain bike, 26 inch, new tyres', images });
  return {
    name: 'this app, direct uploads',
    isLimit: false,
    cost,
    job: (products, concurrency) => ({ kind: 'direct', url, storeUrl, sellers, announcement, products, concurrency }),
  };
}

function burstSize(photos: readonly BenchPhoto[], concurrency: number) {
  const bytesPerProduct = photos.reduce((sum, photo) => sum + photo.sizeBytes, 0);
  return {
    products: Math.max(concurrency, Math.ceil(BURST_BYTES_MIN / bytesPerProduct)),
    concurrency,
    bytesPerProduct,
  };
}

function reportOf(bursts: ReadonlyMap<Contender, readonly Burst[]>): string {
  const middle = (done: readonly Burst[], what: keyof Burst) => median(done.map((burst) => burst[what]));
  const [limit = []] = [...bursts].flatMap(([{ isLimit }, done]) => (isLimit ? [done] : []));
  const rows = [...bursts].map(([{ name }, done]) => [
    name,
    short(middle(done, 'productsPerSecond')),
    short(middle(done, 'megabytesPerSecond')),
    short(middle(done, 'megabytesPerSecond') / middle(limit, 'megabytesPerSecond')),
    short(middle(done, 'p95Ms')),
    short(middle(done, 'cpuSecondsPerGigabyte')),
    short(Math.max(...done.map((burst) => burst.peakMebibytes))),
  ]);
  return table(['', 'products/s', 'MB/s', 'of the limit', 'p95 ms', 'app CPU s/GB', 'app peak MiB'], rows);
}
