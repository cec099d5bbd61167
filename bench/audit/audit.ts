import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import { migrate } from '../../src/platform/database/migrate';
import { machine } from '../report/machine';
import { saveOnPage } from '../report/performance-page';
import { short, table } from '../report/table';
import { inScratchFolder } from '../servers/scratch';
import { fillWithImages } from './objects';

const FEW = 10_000;
/** Peak memory at many, of that at few. */
const GROWTH_MAX = 1.2;

interface Audited {
  readonly seconds: number;
  readonly peakBytes: number;
}

/**
 * Whether the audit's memory stays the same whatever there is, and how fast it is. The listing is made up, the database is real. The few
 * objects are audited as often as makes as many: what a process needs until its code is compiled is no memory for objects.
 */
export async function benchAudit(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { objects: { type: 'string', default: '1000000' }, save: { type: 'boolean', default: false } },
  });
  const many = Number(values.objects);
  await inScratchFolder(async (folder) => {
    const postgres = await useEmbeddedPostgres(folder);
    try {
      const rows: string[][] = [];
      const peaks: number[] = [];
      for (const objects of [FEW, many]) {
        const { seconds, peakBytes } = await auditOf(postgres.superuserUrl, objects, Math.round(many / objects));
        peaks.push(peakBytes);
        const growth = peakBytes / (peaks[0] ?? peakBytes);
        const cells = [objects / seconds, seconds, peakBytes / 2 ** 20, growth].map(short);
        rows.push([objects.toLocaleString('en'), ...cells]);
      }
      const measured = table(['objects and rows', 'objects/s', 's', 'peak MiB', 'of the first'], rows);
      const text = `\`bun run bench audit\`, each in a process of its own, the few as often as makes as many; ${machine()}.\n\n${measured}`;
      console.log(text);
      if (values.save) await saveOnPage('audit', text);
      const growth = (peaks[1] ?? 0) / (peaks[0] ?? 1);
      if (growth > GROWTH_MAX)
        throw new Error(`memory grew to ${short(growth)} times; at most ${GROWTH_MAX} is allowed`);
    } finally {
      await postgres.release();
    }
  });
}

async function auditOf(superuserUrl: string, objects: number, times: number): Promise<Audited> {
  const name = `bench_audit_${objects}`;
  const url = new URL(superuserUrl);
  const admin = new Client({ connectionString: superuserUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  url.pathname = `/${name}`;
  await migrate(url.href);
  await fillWithImages(url.href, objects);
  const child = Bun.spawn([process.execPath, 'bench/audit/process.ts', String(objects), String(times)], {
    env: { ...process.env, DATABASE_URL: url.href },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error('the audit failed');
  return JSON.parse(output) as Audited;
}
