import { median } from '../report/statistics';
import { short, table } from '../report/table';
import { childrenOf } from '../servers/children';
import { ProcessCost } from '../servers/process-cost';
import { startLimit } from './limit';
import type { Pace } from './pace';
import type { Ground } from './prepare';
import { aim, type Section } from './section';

const PRODUCTS = 8;
/** Of the faster loop, for each processor second. */
const AIM = 0.8;

interface Paces {
  readonly plain: readonly Pace[];
  readonly own: readonly Pace[];
  readonly app: readonly Pace[];
}

/** The queue worked off, beside loops that decode the same photos and do nothing else: plain sharp's, and our decoder's. */
export async function throughput(ground: Ground): Promise<Section> {
  const limit = await startLimit(ground.photos.map(({ path }) => path));
  const images = PRODUCTS * ground.photos.length;
  const paces = { plain: [] as Pace[], own: [] as Pace[], app: [] as Pace[] };
  for (let round = -1; round < ground.rounds; round += 1) {
    const [app, plain, own] = [
      await workOff(ground),
      await limit.run(images, 'plain'),
      await limit.run(images, 'own'),
    ] as const;
    if (round < 0) continue;
    paces.app.push(app);
    paces.plain.push(plain);
    paces.own.push(own);
  }
  limit.stop();
  const bytes = ground.photos.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / ground.photos.length;
  return reportOf(paces, bytes);
}

/** Fills the queue while it is held back, and takes the time from its release to its end. */
async function workOff({ app, queue, client, photos }: Ground): Promise<Pace> {
  const job = { kind: 'products', url: `${app.url}/api/products`, sellers: [app.headers] } as const;
  await queue.clear();
  await queue.held(() => client.run({ ...job, products: PRODUCTS, concurrency: 4 }));
  const before = await queue.prepared();
  const cpuBefore = await cpuOf(app.pid);
  const startedAt = performance.now();
  await queue.resume();
  while ((await queue.waiting()) > 0) await Bun.sleep(10);
  const seconds = (performance.now() - startedAt) / 1000;
  const images = (await queue.prepared()) - before;
  if (images !== PRODUCTS * photos.length) throw new Error(`${images} images were prepared`);
  return { images, seconds, cpuSeconds: (await cpuOf(app.pid)) - cpuBefore };
}

/** Of the process and its children. */
async function cpuOf(pid: number): Promise<number> {
  const seconds = await Promise.all([pid, ...(await childrenOf(pid))].map((one) => new ProcessCost(one).cpuSeconds()));
  return seconds.reduce((sum, one) => sum + one, 0);
}

function reportOf(paces: Paces, bytesPerImage: number): Section {
  const perSecond = (of: readonly Pace[]) => median(of.map(({ images, seconds }) => images / seconds));
  const perCpuSecond = (of: readonly Pace[]) => median(of.map(({ images, cpuSeconds }) => images / cpuSeconds));
  const limit = (pace: (of: readonly Pace[]) => number) => Math.max(pace(paces.plain), pace(paces.own));
  const row = (name: string, of: readonly Pace[]) => [
    name,
    short(perSecond(of)),
    short((perSecond(of) * bytesPerImage) / 1e6),
    short(perSecond(of) / limit(perSecond)),
    short(perCpuSecond(of)),
    short((perCpuSecond(of) * bytesPerImage) / 1e6),
    short(perCpuSecond(of) / limit(perCpuSecond)),
  ];
  const head = ['one decoder', 'images/s', 'MB/s', 'of the limit', 'images per CPU s', 'MB per CPU s', 'of the limit'];
  const share = perCpuSecond(paces.app) / limit(perCpuSecond);
  return {
    text: table(head, [
      row('plain sharp in a loop, from memory', paces.plain),
      row("this app's decoder in the same loop", paces.own),
      row('this app: fetch, verify, decode, store, commit', paces.app),
    ]),
    missed: aim(share >= AIM, `${short(share)} of the faster loop for each CPU second; the aim is ${AIM}`),
  };
}
