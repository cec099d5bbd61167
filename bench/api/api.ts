import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { type EmbeddedPostgres, useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import { LoadClient } from '../load/load-client';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { type App, startApp } from '../servers/app';
import { inScratchFolder } from '../servers/scratch';
import { measureDoors } from './doors';
import { fill } from './fill';
import { measureLists } from './list';

const FEW = 1000;
const OTHER_SELLERS = 200;

/** Requests per second by both doors, and whether a list costs more where there is more. */
export async function benchApi(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      concurrency: { type: 'string', default: '16' },
      products: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
      save: { type: 'boolean', default: false },
    },
  });
  const many = Number(values.products);
  await inScratchFolder(async (folder) => {
    const postgres = await useEmbeddedPostgres(folder);
    const apps: App[] = [];
    const client = await LoadClient.start();
    try {
      const small = await startFilled(postgres, folder, 'bench_small', FEW, 0);
      apps.push(small);
      if (values.only !== 'lists') {
        const doors = await measureDoors(small, client, Number(values.concurrency), Number(values.rounds));
        const command = `\`bun run bench api\`, ${values.concurrency} at once, median of ${values.rounds} rounds`;
        await show('api doors', `${command}; ${machine()}.\n\n${doors}`, values.save);
      }
      if (values.only === 'doors') return;
      console.log(`\nfilling a database with ${many} products …`);
      const large = await startFilled(postgres, folder, 'bench_large', many, OTHER_SELLERS);
      apps.push(large);
      const lists = await measureLists({ app: small, products: FEW }, { app: large, products: many }, client);
      const command = `\`bun run bench api --only lists\`, one request at a time, ${OTHER_SELLERS} other sellers beside the second`;
      await show('api lists', `${command}; ${machine()}.\n\n${lists}`, values.save);
    } finally {
      client.stop();
      for (const app of apps) await app.stop();
      await postgres.release();
    }
  });
}

async function show(mark: string, report: string, save: boolean): Promise<void> {
  console.log(`\n${report}`);
  if (save) await saveOnPage(mark, report);
}

/** An app on a database of its own, with a seller who has so many products. */
async function startFilled(
  postgres: EmbeddedPostgres,
  folder: string,
  name: string,
  products: number,
  otherSellers: number,
): Promise<App> {
  await makeDatabase(postgres, name);
  const app = await startApp(`${folder}/${name}`, {
    DATABASE_URL: on(postgres.url, name),
    MIGRATION_DATABASE_URL: on(postgres.ownerUrl, name),
  });
  await fill(on(postgres.superuserUrl, name), { sellerId: app.sellerId, products, otherSellers });
  return app;
}

async function makeDatabase(postgres: EmbeddedPostgres, name: string): Promise<void> {
  const client = new Client({ connectionString: postgres.superuserUrl });
  await client.connect();
  await client.query(`create database ${name} owner ${new URL(postgres.ownerUrl).username}`);
  await client.end();
}

function on(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
