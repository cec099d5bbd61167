import { HttpConnection } from './http-connection';
import type { DirectJob, Headers, LoadResult, PutTarget, Uplink } from './jobs';
import { head, put, requireSuccess } from './requests';

/** Two connections: the bytes do not go the app's way. */
interface Lane {
  readonly seller: Headers;
  readonly app: HttpConnection;
  readonly store: HttpConnection;
}

/**
 * Products as a client of the API sends them: announced, one PUT per photo straight to the store, completed. The photos of a
 * product go one after the other, as in a multipart body.
 */
export async function runDirectJob(job: DirectJob & Uplink, photos: readonly Uint8Array[]): Promise<LoadResult> {
  const app = new URL(job.url);
  const store = new URL(job.storeUrl);
  const lanes = await Promise.all(
    Array.from({ length: job.concurrency }, async (_, index): Promise<Lane> => {
      return {
        seller: job.sellers[index % job.sellers.length] ?? {},
        app: await HttpConnection.open(app),
        store: await HttpConnection.open(store, job.uplinkBytesPerSecond),
      };
    }),
  );
  const latenciesMs: number[] = [];
  let left = job.products;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(
    lanes.map(async (lane) => {
      while (left-- > 0) {
        const since = performance.now();
        await sendProduct(job, lane, photos);
        latenciesMs.push(performance.now() - since);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  for (const lane of lanes) for (const connection of [lane.app, lane.store]) connection.close();
  return { seconds, latenciesMs, clientCpuSeconds: (user + system) / 1e6 };
}

async function sendProduct(job: DirectJob, lane: Lane, photos: readonly Uint8Array[]): Promise<void> {
  const started = await call(job, lane, '/api/uploads', job.announcement);
  const { product_id: id, uploads } = JSON.parse(started) as { product_id: string; uploads: PutTarget[] };
  for (const [index, target] of uploads.entries()) requireSuccess(await lane.store.send(put(target, photos[index])));
  await call(job, lane, `/api/uploads/${id}/complete`, '{}');
}

async function call({ url }: DirectJob, { app, seller }: Lane, path: string, json: string): Promise<string> {
  const body = Buffer.from(json);
  const headers = { ...seller, 'content-type': 'application/json', 'content-length': String(body.length) };
  const answer = await app.send({ head: head('POST', new URL(path, url), headers), body });
  requireSuccess(answer);
  return answer.body;
}
