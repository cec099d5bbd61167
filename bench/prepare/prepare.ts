import { parseArgs } from 'node:util';
import { useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import { type BenchPhoto, benchPhotos } from '../ingest/photos';
import { LoadClient } from '../load/load-client';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { type App, startApp } from '../servers/app';
import { inScratchFolder } from '../servers/scratch';
import { idleToProcessing } from './idle';
import { besideUploads } from './latency';
import { type QueueControl, queueControl } from './queue-control';
import { throughput } from './throughput';

export interface Ground {
  readonly app: App;
  readonly queue: QueueControl;
  readonly client: LoadClient;
  readonly photos: readonly BenchPhoto[];
  readonly rounds: number;
}

/** Preparing images: how fast it is beside what decodes them, and what it costs those who upload meanwhile. */
export async function benchPrepare(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      mb: { type: 'string', default: '1.1' },
      rounds: { type: 'string', default: '5' },
      save: { type: 'boolean', default: false },
    },
  });
  const photos = await benchPhotos(Number(values.mb));
  await inScratchFolder(async (folder) => {
    const postgres = await useEmbeddedPostgres(`${folder}/data`);
    const database = { DATABASE_URL: postgres.url, MIGRATION_DATABASE_URL: postgres.ownerUrl };
    const app = await startApp(`${folder}/data`, { ...database, PREPARE_CONCURRENCY: '1', SWEEP_CRON: 'off' });
    const client = await LoadClient.start(photos.map(({ path }) => path));
    const queue = await queueControl(postgres.superuserUrl.replace(/\/postgres$/, new URL(postgres.url).pathname));
    try {
      const ground = { app, queue, client, photos, rounds: Number(values.rounds) };
      const sections = [await idleToProcessing(ground), await throughput(ground), await besideUploads(ground)];
      const text = sections.map((section) => section.text).join('\n\n');
      const summary = `\`bun run bench prepare --mb ${values.mb}\`, medians of ${values.rounds} rounds in turns after one that does not count, one decoder, disk store; ${machine()}`;
      console.log(`\n${text}\n\n${summary}`);
      if (values.save) await saveOnPage(`prepare ${values.mb}`, `${summary}.\n\n${text}`);
      const missed = sections.flatMap((section) => section.missed);
      if (missed.length > 0) throw new Error(`not reached: ${missed.join('; ')}`);
    } finally {
      client.stop();
      await queue.stop();
      await app.stop();
      await postgres.release();
    }
  });
}
