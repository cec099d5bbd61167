import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import { migrate } from '../../src/platform/database/migrate';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { short, table } from '../report/table';
import { inScratchFolder } from '../servers/scratch';
import { fillWithProducts } from './rows';

const PEAK_MAX_BYTES = 200 * 2 ** 20;
/** Pictures of the first backup; the second finds a hundredth more. */
const PICTURES = 10_000;

interface BackedUp {
  readonly counts: Record<string, number>;
  readonly seconds: { readonly tables: number; readonly objects: number; readonly total: number };
  readonly peakBytes: number;
}

/** Whether memory stays small whatever there is, how fast tables go, and what a second backup costs that has 1 % new objects. */
export async function benchBackup(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { products: { type: 'string', default: '1000000' }, save: { type: 'boolean', default: false } },
  });
  const products = Number(values.products);
  await inScratchFolder(async (folder) => {
    const postgres = await useEmbeddedPostgres(join(folder, 'postgres'));
    try {
      const url = await databaseOf(postgres.superuserUrl);
      await fillWithProducts(url, { from: 1, to: products, pictures: PICTURES });
      const first = await backUp('command', url, folder);
      const more = Math.ceil(PICTURES / 100 / 3);
      await fillWithProducts(url, { from: products + 1, to: products + more, pictures: Number.MAX_SAFE_INTEGER });
      const second = await backUp('command', url, folder, products * 3);
      const third = await backUp('clock', url, folder, products * 3);
      const dumped = await pgDump(url, folder);
      const rows = [
        cellsOf('first', first),
        cellsOf('second, 1 % new objects', second),
        cellsOf('third, nothing new, by the clock', third),
        ...dumped,
      ];
      const head = ['backup', 'rows', 'MB of rows', 'rows: s', 'MB/s', 'objects sent', 'objects: s', 'peak MiB'];
      const text = `\`bun run bench backup --products ${products}\`, three images each; ${machine()}.\n\n${table(head, rows)}`;
      console.log(text);
      if (values.save) await saveOnPage('backup', text);
      const peak = Math.max(first.peakBytes, second.peakBytes);
      // a server's memory is its own matter: it collects when it has to
      if (peak > PEAK_MAX_BYTES) throw new Error(`it took ${short(peak / 2 ** 20)} MiB; at most 200 are allowed`);
    } finally {
      await postgres.release();
    }
  });
}

async function databaseOf(superuserUrl: string): Promise<string> {
  const admin = new Client({ connectionString: superuserUrl });
  await admin.connect();
  await admin.query('create database bench_backup');
  await admin.end();
  const url = new URL(superuserUrl);
  url.pathname = '/bench_backup';
  await migrate(url.href);
  return url.href;
}

/** By the command, or as a server's clock has it made, whose garbage lies until the runtime collects it. */
async function backUp(how: 'command' | 'clock', url: string, folder: string, newFrom?: number): Promise<BackedUp> {
  const argv = [how, folder, String(PICTURES), ...(newFrom === undefined ? [] : [String(newFrom)])];
  const child = Bun.spawn([process.execPath, 'bench/backup/process.ts', ...argv], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error('the backup failed');
  return JSON.parse(output) as BackedUp;
}

function cellsOf(which: string, { counts, seconds, peakBytes }: BackedUp): string[] {
  const mb = (counts.table_bytes ?? 0) / 1e6;
  const numbers = [mb, seconds.tables, mb / seconds.tables].map(short);
  const sent = (counts.objects_sent ?? 0).toLocaleString('en');
  return [
    which,
    (counts.rows ?? 0).toLocaleString('en'),
    ...numbers,
    sent,
    short(seconds.objects),
    short(peakBytes / 2 ** 20),
  ];
}

/** Beside it, where one of the server's major version is on PATH: a client of another one is no comparison, or refuses. */
async function pgDump(url: string, folder: string): Promise<string[][]> {
  const program = Bun.which('pg_dump');
  const version = program ? await new Response(Bun.spawn([program, '--version']).stdout).text() : '';
  if (!program || !/ 18\./.test(version)) return [];
  const path = join(folder, 'dump');
  const startedAt = performance.now();
  const dump = Bun.spawn([program, '--format=custom', '--compress=zstd', '--schema=public', `--file=${path}`, url]);
  if ((await dump.exited) !== 0) throw new Error('pg_dump failed');
  const seconds = (performance.now() - startedAt) / 1000;
  return [['pg_dump, rows alone', '', '', short(seconds), '', '', '', '']];
}
