import { Client } from 'pg';
import { newId } from '../../src/kernel/ids';
import { useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import { benchBucket } from '../ingest/limit';
import { median, percentile } from '../report/statistics';
import { short, table } from '../report/table';
import { type App, startApp } from '../servers/app';
import { inScratchFolder } from '../servers/scratch';

export const PRODUCTS = 100;
export const IMAGES = 8;
const CALLS = 200;
const CONCURRENCIES = [1, 8];

/** URLs of a hundred products in one call, from the running app. Nothing has to be stored for that. */
export async function benchBatches(store: 'disk' | 's3', rounds: number): Promise<string> {
  let report = '';
  await inScratchFolder(async (folder) => {
    const postgres = await useEmbeddedPostgres(folder);
    const bucket = store === 's3' ? (await benchBucket()).environment : {};
    const urls = { DATABASE_URL: postgres.url, MIGRATION_DATABASE_URL: postgres.ownerUrl };
    const app = await startApp(folder, { ...urls, ...bucket });
    try {
      const name = bucket.S3_BUCKET_NAME ?? 'intellipost-images';
      const products = await insertProducts(postgres.ownerUrl, app.sellerId, name);
      report = await measure(app, JSON.stringify({ products, variant: 'original' }), rounds);
    } finally {
      await app.stop();
      await postgres.release();
    }
  });
  return report;
}

async function measure(app: App, body: string, rounds: number): Promise<string> {
  const rows: string[][] = [];
  for (const concurrency of CONCURRENCIES) {
    await callMany(app, body, concurrency);
    const runs: Awaited<ReturnType<typeof callMany>>[] = [];
    for (let round = 0; round < rounds; round += 1) runs.push(await callMany(app, body, concurrency));
    const middle = (what: keyof (typeof runs)[number]) => short(median(runs.map((run) => run[what])));
    const columns = ['callsPerSecond', 'urlsPerSecond', 'p50Ms', 'p95Ms', 'cpuMsPerCall', 'statementsPerCall'] as const;
    rows.push([`${concurrency} at once`, ...columns.map(middle)]);
  }
  return table(['', 'calls/s', 'URLs/s', 'p50 ms', 'p95 ms', 'server CPU ms a call', 'SQL statements a call'], rows);
}

async function callMany(app: App, body: string, concurrency: number) {
  const latenciesMs: number[] = [];
  const [cpu, statements] = [await app.cost.cpuSeconds(), await statementsOf(app)];
  const startedAt = performance.now();
  let left = CALLS;
  const lane = async () => {
    while (left-- > 0) {
      const since = performance.now();
      const count = await urlsIn(await post(app, body));
      if (count !== PRODUCTS * IMAGES) throw new Error(`${count} URLs`);
      latenciesMs.push(performance.now() - since);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    callsPerSecond: CALLS / seconds,
    urlsPerSecond: (CALLS * PRODUCTS * IMAGES) / seconds,
    p50Ms: percentile(latenciesMs, 0.5),
    p95Ms: percentile(latenciesMs, 0.95),
    cpuMsPerCall: ((await app.cost.cpuSeconds()) - cpu) * (1000 / CALLS),
    statementsPerCall: ((await statementsOf(app)) - statements) / CALLS,
  };
}

function post(app: App, body: string): Promise<Response> {
  const headers = { ...app.headers, 'content-type': 'application/json' };
  return fetch(`${app.url}/api/image-urls`, { method: 'POST', headers, body });
}

/** Counted in the text: parsing half a megabyte of JSON would be this process's work, not the server's. */
async function urlsIn(answer: Response): Promise<number> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 300)}`);
  return text.split('"url":"http').length - 1;
}

/** @see /metrics: statements ended, successful or not */
async function statementsOf({ url }: App): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = metrics.matchAll(/^database_query_duration_seconds_count(?:\{[^}]*\})? (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function insertProducts(databaseUrl: string, userId: string, bucket: string): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const ids = Array.from({ length: PRODUCTS }, () => newId());
  await client.query('insert into products (id, user_id, prompt_text) select unnest($1::uuid[]), $2, $3', [
    ids,
    userId,
    'Used mountain bike, 26 inch, new tyres',
  ]);
  await client.query(
    `insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
        resolution_width, resolution_height, position, is_primary)
      select gen_random_uuid(), p.id, format('s3://%s/products/%s/%s/%s/original.jpg', $1::text, p.id, gen_random_uuid(), n),
        repeat('0', 64), 1000, 'jpeg', 1600, 1200, n, n = 0
      from products p, generate_series(0, $2 - 1) n`,
    [bucket, IMAGES],
  );
  await client.end();
  return ids;
}
