// A processing worker, by the typed tRPC client: names, inputs and outputs are those of `type AppRouter`, and nothing else of the
// server is in it. Copy it, and put your own work into `processPhoto`.
//
//   WORKER_TOKEN=$(bun run --silent cli token --role worker | tail -1) bun examples/workers/processing-worker.ts
//
//   URL              of the server (http://localhost:3000)
//   WORKER_TOKEN     an access token of a worker's account; it lives for 15 minutes
//   WORKER_EMAIL, WORKER_PASSWORD   in its place, for a worker that stays: it logs in, and again when its token has expired
//   WORKER_NAME      what sellers and operators see (this machine's name)
//   LEASE_SECONDS    how long the server waits for a sign of life before another worker gets the product (60)
//
// It takes one product at a time; for more at once, start more of them. SIGTERM or Ctrl-C ends it after the present product. If it
// dies, nothing is lost: its lease expires, and another worker gets the product.
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client';
import type { inferRouterOutputs } from '@trpc/server';
import sharp from 'sharp';
import type { AppRouter } from '../../src/container';

type Job = inferRouterOutputs<AppRouter>['work']['claim']['jobs'][number];
type Image = Job['images'][number];
type Processed = Awaited<ReturnType<typeof processPhoto>>;

const { env } = process;
const server = (env.URL ?? 'http://localhost:3000').replace(/\/+$/, '');
const worker = env.WORKER_NAME ?? hostname();
const leaseSeconds = Number(env.LEASE_SECONDS ?? 60);
/** Of one request, while the network, the server or the store has a bad minute. */
const TRIES = 6;

let token = env.WORKER_TOKEN ?? '';
const headers = () => (token === '' ? {} : { authorization: `Bearer ${token}` });
const api = createTRPCClient<AppRouter>({ links: [httpLink({ url: `${server}/trpc`, headers })] });
const stopping = new AbortController();
for (const ending of ['SIGTERM', 'SIGINT']) process.on(ending, () => stopping.abort());

// --- the work itself ---------------------------------------------------------------------------------------------------

/**
 * Yours to replace: makes the processed image of one photo. A real worker cuts out the background, reads the label…
 * @param photo the JPEG that is made for models: upright, sRGB, at most 1568 px, no metadata
 * @param job has `prompt_text`, the seller's own line, and `attempt`, from 1
 * @returns the processed image (JPEG, PNG or WebP), and what is to be kept beside it
 */
async function processPhoto(photo: Uint8Array, image: Image, job: Job) {
  const { data, info } = await sharp(photo).normalise().webp({ quality: 85 }).toBuffer({ resolveWithObject: true });
  const processing_metadata = { worker, attempt: job.attempt, width: info.width, height: info.height };
  return { image_id: image.id, bytes: Buffer.from(data), content_type: 'image/webp', processing_metadata };
}

/** What no other attempt would do better. */
class Hopeless extends Error {}

/** Fetch, process, store, complete. Every step may be repeated, and only `complete` changes anything that the seller sees. */
async function workOn(job: Job): Promise<void> {
  const id = job.lease_id;
  const heart = keepLease(id);
  const results: Processed[] = [];
  try {
    for (const [done, image] of job.images.entries()) {
      const photos = job.images.length;
      await heart.tell({ progress: Math.floor((100 * done) / photos), message: `photo ${done + 1} of ${photos}` });
      const photo = await fetchPhoto(id, image);
      if (photo) results.push(await processPhoto(photo, image, job));
    }
    if (results.length === 0) throw new Hopeless('none of its photos can be decoded');
    await store(id, results);
    const images = results.map(({ image_id, processing_metadata }) => ({ image_id, processing_metadata }));
    // it looks at every result again, and may take long
    await patiently(() => api.work.complete.mutate({ id, images }));
  } finally {
    heart.stop();
  }
}

/**
 * By a signed URL, which is a bearer: it needs no token. `sha256` of an image is its original's, not of what is made of it.
 * @returns null where the photo was refused meanwhile, because it cannot be decoded: its seller is told
 */
async function fetchPhoto(id: string, image: Image): Promise<Uint8Array | null> {
  let url = image.urls.model;
  for (let tried = 1; tried < TRIES; tried += 1) {
    const response = url ? await transfer(url) : null;
    if (response?.ok) return response.bytes();
    // the photo was added just now, and what models get is being made of it
    if (!response) await sleep(tried * 1000);
    // such as a URL that has expired while earlier photos were worked on: one more
    else if (tried > 1) throw new Error(`the photo cannot be fetched: ${response.status}`);
    const fresh = await patiently(() => api.work.urls.mutate({ id, variants: ['model'] }));
    const again = fresh.images.find((one) => one.id === image.id);
    if (!again) return null;
    url = again.urls.model;
  }
  throw new Error('the photo is not prepared yet');
}

/** Straight to the store by presigned PUTs. They take these bytes and no others: length, type and sha-256 are signed. */
async function store(id: string, results: readonly Processed[]): Promise<void> {
  const images = results.map(({ image_id, bytes, content_type }) => {
    const sha256 = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
    return { image_id, content_type, file_size_bytes: bytes.length, sha256 };
  });
  const { uploads } = await patiently(() => api.work.resultUrls.mutate({ id, images }));
  for (const { image_id, method, url, headers: signed } of uploads) {
    const body = results.find((one) => one.image_id === image_id)?.bytes ?? null;
    const { ok, status } = await transfer(url, { method, headers: signed, body });
    // 412: it is there already, the answer to an earlier try was lost
    if (!ok && status !== 412) throw new Error(`the store does not take the result: ${status}`);
  }
}

// --- what every worker needs -------------------------------------------------------------------------------------------

async function run(): Promise<void> {
  for (let pause = 0; !stopping.signal.aborted; ) {
    const input = { phase: 'processing', worker, max: 1, lease_seconds: leaseSeconds } as const;
    const jobs = await patiently(async () => (await api.work.claim.mutate(input)).jobs).catch((error: unknown) => {
      if (isRefused(error)) throw error;
      return console.log(`nothing could be claimed: ${error}`) ?? [];
    });
    for (const job of jobs) await take(job);
    // Nothing there: ask less and less often, up to every 5 s, and not in step with other workers.
    pause = jobs.length > 0 ? 0 : Math.min(5000, Math.max(500, pause * 2)) * (0.75 + Math.random() / 4);
    await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}

async function take(job: Job): Promise<void> {
  const began = performance.now();
  try {
    await workOn(job);
    console.log(`${job.product_id} complete after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  } catch (error) {
    if (isRefused(error) && isOver(error.data?.code))
      console.log(`${job.product_id} is somebody else's by now, or its seller's no more`);
    else await giveUp(job, error);
  }
}

/** The lease was given to somebody else, or went with its product, which the seller has deleted. Nobody is to hear of a failure. */
const isOver = (code: unknown): boolean => code === 'LEASE_LOST' || code === 'NOT_FOUND';

/** The seller reads the error. What is retryable goes back into the queue, for later and a few times at most. */
async function giveUp(job: Job, error: unknown): Promise<void> {
  const said = (error instanceof Error ? error.message : String(error)) || 'unknown';
  console.log(`${job.product_id} failed: ${said}`);
  const input = { id: job.lease_id, error: said, retryable: !isRefused(error) && !(error instanceof Hopeless) };
  await patiently(() => api.work.fail.mutate(input)).catch((unheard: unknown) =>
    console.log(`nobody heard of it, so its lease will expire: ${unheard}`),
  );
}

/** Keeps a lease while work goes on, three times within its length. */
function keepLease(id: string) {
  let lost: unknown;
  const beat = (news: { progress?: number; message?: string } = {}) =>
    patiently(() => api.work.heartbeat.mutate({ id, ...news }));
  const timer = setInterval(
    () => {
      beat().catch((error: unknown) => {
        if (isRefused(error)) lost = error;
        else console.log(`no heartbeat: ${error}`); // the next one may come through
      });
    },
    (leaseSeconds * 1000) / 3,
  );
  /** Tells the seller how far it is. @throws where the lease was lost: then stop, because somebody else works on it */
  const tell = (news: { progress: number; message: string }) => (lost ? Promise.reject(lost) : beat(news));
  return { tell, stop: () => clearInterval(timer) };
}

// --- HTTP --------------------------------------------------------------------------------------------------------------

/** An answer that asking again does not change. */
function isRefused(error: unknown): error is TRPCClientError<AppRouter> {
  const status = error instanceof TRPCClientError ? (error as TRPCClientError<AppRouter>).data?.httpStatus : undefined;
  return status !== undefined && status < 500 && status !== 408 && status !== 429;
}

/** Asked again where that may help: complete and fail answer the same again, and a claim that was not heard expires. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask();
    } catch (error) {
      const isExpired = isRefused(error) && error.data?.httpStatus === 401 && (await logIn());
      if (tried >= TRIES || (isRefused(error) && !isExpired)) throw error;
      if (!isExpired) await sleep((2 ** tried / 8) * 1000 * (1 + Math.random() / 2));
    }
  }
}

/** False where only a token was given. */
async function logIn(): Promise<boolean> {
  const { WORKER_EMAIL: email, WORKER_PASSWORD: password } = env;
  if (!email || !password) return false;
  token = (await api.auth.login.mutate({ email, password })).access_token;
  return true;
}

/** @returns any answer below 500, for the caller to judge. @throws Error where the store has none for some time */
function transfer(url: string, init: RequestInit = {}): Promise<Response> {
  return patiently(async () => {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(60_000) });
    if (response.status >= 500) throw new Error(`the store answered ${response.status}`);
    return response;
  });
}

await run().catch((error: unknown) => {
  console.error(`the server refuses this worker: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
