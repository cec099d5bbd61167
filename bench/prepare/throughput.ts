import { readdir, readFile } from 'node:fs/promises';
import { median } from '../report/statistics';
import { short, table } from '../report/table';
import { ProcessCost } from '../servers/process-cost';
import { startLimit } from './limit';
import type { Pace } from './pace';
import type { Ground } from './prepare';

const PRODUCTS = 8;

/** The queue worked off, beside a loop that decodes the same photos and does nothing else. */
export async function throughput(ground: Ground): Promise<string> {
  const limit = await startLimit(ground.photos.map(({ path }) => path));
  const [ours, theirs]: [Pace[], Pace[]] = [[], []];
  for (let round = -1; round < ground.rounds; round += 1) {
    const paces = [await workOff(ground), await limit.run(PRODUCTS * ground.photos.length)] as const;
    if (round < 0) continue;
    ours.push(paces[0]);
    theirs.push(paces[1]);
  }
  limit.stop();
  const bytes = ground.photos.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / ground.photos.length;
  return reportOf({ ours, theirs }, bytes);
}

/** Fills the queue while it is held back, and takes the time from its release to its end. */
async function workOff({ app, queue, client, photos }: Ground): Promise<Pace> {
  const job = { kind: 'products', url: `${app.url}/api/products`, headers: app.headers } as const;
  await queue.held(client.run({ ...job, products: PRODUCTS, concurrency: 4 }));
  await queue.hold();
  const before = await queue.prepared();
  const cpuBefore = await cpuOf(app.pid);
  const startedAt = performance.now();
  await queue.resume();
  while ((await queue.waiting()) > 0) await Bun.sleep(10);
  const seconds = (performance.now() - startedAt) / 1000;
  const images = (await queue.prepared()) - before;
  if (images === 0 || images > PRODUCTS * photos.length) throw new Error(`${images} images were prepared`);
  return { images, seconds, cpuSeconds: (await cpuOf(app.pid)) - cpuBefore };
}

/** Of the process and its children. */
async function cpuOf(pid: number): Promise<number> {
  const children: number[] = [];
  for (const entry of await readdir('/proc')) {
    const stat = /^\d+$/.test(entry) ? await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '') : '';
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) children.push(Number(entry));
  }
  const seconds = await Promise.all([pid, ...children].map((one) => new ProcessCost(one).cpuSeconds()));
  return seconds.reduce((sum, one) => sum + one, 0);
}

function reportOf(paces: { ours: readonly Pace[]; theirs: readonly Pace[] }, bytesPerImage: number): string {
  const perSecond = (of: readonly Pace[]) => median(of.map(({ images, seconds }) => images / seconds));
  const perCpuSecond = (of: readonly Pace[]) => median(of.map(({ images, cpuSeconds }) => images / cpuSeconds));
  const row = (name: string, of: readonly Pace[]) => [
    name,
    short(perSecond(of)),
    short((perSecond(of) * bytesPerImage) / 1e6),
    short(perSecond(of) / perSecond(paces.theirs)),
    short(perCpuSecond(of)),
    short((perCpuSecond(of) * bytesPerImage) / 1e6),
    short(perCpuSecond(of) / perCpuSecond(paces.theirs)),
  ];
  const head = ['one decoder', 'images/s', 'MB/s', 'of the limit', 'images per CPU s', 'MB per CPU s', 'of the limit'];
  return table(head, [
    row('decode and encode in a loop, from memory (limit)', paces.theirs),
    row('this app: fetch, verify, decode, store, commit', paces.ours),
  ]);
}
