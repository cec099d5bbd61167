import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { LoadClient } from '../load/load-client';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { median } from '../report/statistics';
import { short, table } from '../report/table';
import { inScratchFolder, keptFolder } from '../servers/scratch';
import { type Burst, WARM_UP, warmUp } from './burst';
import type { Contender } from './contender';
import { type Contenders, startContenders } from './contenders';
import { benchPhotos } from './photos';
import { inTurns } from './turns';

/** A burst is at least so long, so that it outlasts what a process does at its start. */
const BURST_BYTES_MIN = 600e6;

interface Options {
  readonly store: 'disk' | 's3';
  readonly megabytes: number;
  readonly concurrencies: readonly number[];
  readonly rounds: number;
  /** Leaves a CPU profile of the app in .cache/bench/profiles. */
  readonly profile: boolean;
  readonly save: boolean;
}

/** Products of eight photos, taken in by this app and by what bounds it. */
export async function benchIngest(args: string[]): Promise<void> {
  const options = optionsOf(args);
  const photos = await benchPhotos(options.megabytes);
  const bytesPerProduct = photos.reduce((sum, photo) => sum + photo.sizeBytes, 0);
  await inScratchFolder(async (folder) => {
    const flags = options.profile
      ? ['--cpu-prof', '--cpu-prof-md', `--cpu-prof-dir=${await keptFolder('profiles')}`]
      : [];
    const running = await startContenders(options.store, folder, photos, flags);
    const client = await LoadClient.start(photos.map((photo) => photo.path));
    try {
      const productsMin = Math.ceil(BURST_BYTES_MIN / bytesPerProduct);
      await warmUp(running.contenders, client, productsMin, running.emptyStore);
      const sections: string[] = [];
      for (const concurrency of options.concurrencies) {
        const products = Math.max(concurrency, productsMin);
        const size = { products, concurrency, bytesPerProduct };
        const bursts = await inTurns(running.contenders, client, options.rounds, size, running.emptyStore);
        sections.push(`${concurrency} at once, ${products} a burst\n\n${report(running.contenders, bursts)}`);
        console.log(`\n${sections.at(-1)}`);
      }
      const left = await leftInStaging(running);
      if (left > 0) throw new Error(`${left} files are left in the staging folder`);
      const command = `bun run bench ingest --store ${options.store} --mb ${options.megabytes}`;
      const summary = `\`${command}\`, median of ${options.rounds} rounds, ${WARM_UP}; ${machine()}`;
      console.log(`\n${summary}; nothing left in the staging folder`);
      if (options.save)
        await saveOnPage(`ingest ${options.store} ${options.megabytes}`, `${summary}.\n\n${sections.join('\n\n')}`);
    } finally {
      client.stop();
      await running.stop();
    }
  });
}

function optionsOf(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      store: { type: 'string', default: 'disk' },
      mb: { type: 'string', default: '1.1' },
      concurrency: { type: 'string', default: '1,8,32' },
      rounds: { type: 'string', default: '5' },
      profile: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
    },
  });
  if (values.store !== 'disk' && values.store !== 's3') throw new Error('--store is disk or s3');
  return {
    store: values.store,
    megabytes: Number(values.mb),
    concurrencies: values.concurrency.split(',').map(Number),
    rounds: Number(values.rounds),
    profile: values.profile,
    save: values.save,
  };
}

function report(contenders: readonly Contender[], bursts: ReadonlyMap<Contender, readonly Burst[]>): string {
  const middle = (contender: Contender | undefined, what: keyof Burst) =>
    median((contender && bursts.get(contender)?.map((burst) => burst[what])) ?? []);
  const limit = contenders.find(({ isLimit }) => isLimit);
  const rows = contenders.map((contender) => [
    contender.name,
    short(middle(contender, 'productsPerSecond')),
    short(middle(contender, 'megabytesPerSecond')),
    short(middle(contender, 'megabytesPerSecond') / middle(limit, 'megabytesPerSecond')),
    short(middle(contender, 'p50Ms')),
    short(middle(contender, 'p95Ms')),
    short(middle(contender, 'cpuSecondsPerGigabyte')),
    short(Math.max(...(bursts.get(contender) ?? []).map((burst) => burst.peakMebibytes))),
  ]);
  const head = ['', 'products/s', 'MB/s', 'of the limit', 'p50 ms', 'p95 ms', 'server CPU s/GB', 'peak MiB'];
  return table(head, rows);
}

async function leftInStaging({ stagingFolder }: Contenders): Promise<number> {
  const entries = await readdir(stagingFolder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && !entry.name.endsWith('lock')).length;
}
