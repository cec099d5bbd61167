import type { Api } from '../api';
import { type Announcement, announce } from './announce';
import { type Asking, ask, isApiError, type Patience } from './ask';
import { declare } from './declare';
import { giveUp, takeBack } from './give-up';
import { inParallel } from './in-parallel';
import { Progress, type UploadProgress } from './progress';
import type { PresignedPut } from './put';
import { type AnnouncedFile, sendFile } from './send-file';
import { UploadFailed } from './upload-failed';
import type { UploadedProduct } from './uploaded-product';

export interface UploadOptions {
  /** Told as bytes leave. What it throws ends the upload, and is what the upload fails with. */
  readonly onProgress?: (progress: UploadProgress) => void;
  /**
   * Ends the upload; the server is told, so that nothing of it remains: where it has been completed already, and only the answer is
   * not there yet, the product is deleted. Where the server does not answer, it is tried for ten seconds. With an `idempotencyKey` all of
   * it stays, to be resumed, or to be given up by the `productId` of its progress.
   */
  readonly signal?: AbortSignal;
  /** Files sent at once. Default 3. */
  readonly concurrency?: number;
  /** The same key, files and prompt within a day resume an upload that was interrupted, by another page too: what has arrived stays. */
  readonly idempotencyKey?: string;
  /** Which file is the primary image, from 0. Default: the first. */
  readonly primaryIndex?: number;
}

interface UploadDeps extends Patience {
  readonly api: Api;
}

/** Everything that the steps of one upload share. */
interface Upload {
  readonly api: Api;
  readonly asking: Asking;
  readonly progress: Progress;
  readonly concurrency: number;
  readonly productId: string;
  readonly files: readonly AnnouncedFile[];
}

/** By image id; what is not in it has arrived. */
type Puts = ReadonlyMap<string, PresignedPut>;

/** `details.images` of UPLOAD_INCOMPLETE. */
interface NamedProblem {
  readonly image_id: string;
  readonly problem: string;
  readonly message: string;
}

const CONCURRENCY = 3;
/** How often the server may find that what was sent is not there, or not what was announced. */
const ROUNDS = 3;
/** Problems that end when the bytes are sent once more. */
const TO_BE_SENT_AGAIN = new Set(['MISSING', 'SIZE_MISMATCH', 'CHECKSUM_MISMATCH']);

/** Hashes, announces, sends, completes. */
export const uploadProduct =
  (deps: UploadDeps) =>
  async (blobs: readonly Blob[], prompt: string, options: UploadOptions): Promise<UploadedProduct> => {
    const { api, ...patience } = deps;
    const ended = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
    const asking = { ...patience, signal };
    const progress = new Progress(blobs, options.onProgress, (error) => ended.abort(error));
    progress.enter('hashing');
    const images = await declare(blobs, options.primaryIndex, signal);
    const key = options.idempotencyKey ?? crypto.randomUUID();
    const started = await begin(deps, asking, { prompt, images, key }, options);
    const files = started.uploads.map(({ image_id }, index) => ({
      index,
      imageId: image_id,
      blob: blobs[index] ?? new Blob(),
      sha256: images[index]?.sha256 ?? '',
    }));
    const productId = started.product_id;
    const upload = { api, asking, progress, productId, files, concurrency: options.concurrency ?? CONCURRENCY };
    progress.announced(productId);
    try {
      // A key that the caller chose may be of an upload that was interrupted.
      return await finish(upload, options.idempotencyKey === undefined ? putsOf(started) : await missing(upload));
    } catch (error) {
      const mayBeResumed = options.idempotencyKey !== undefined && !(error instanceof UploadFailed && error.isFinal);
      const product = mayBeResumed ? null : await giveUp(deps, productId, error, signal);
      if (product) return product;
      throw error;
    }
  };

async function begin(deps: UploadDeps, asking: Asking, announcement: Announcement, options: UploadOptions) {
  asking.signal.throwIfAborted(); // nothing is announced yet
  try {
    return await announce(deps.api, asking, announcement);
  } catch (error) {
    if (options.idempotencyKey === undefined) await takeBack(deps, announcement, error);
    throw error;
  }
}

/** Sends what is missing until the server has found everything to be there. */
async function finish(upload: Upload, first: Puts): Promise<UploadedProduct> {
  const { api, asking, progress, productId } = upload;
  let puts = first;
  for (let round = 1; ; round += 1) {
    progress.enter('uploading');
    await sendAll(upload, puts);
    progress.enter('completing');
    try {
      return await ask(asking, (options) => api.uploads.complete.mutate({ product_id: productId }, options));
    } catch (error) {
      const failed = problemsOf(upload, error);
      if (!failed) throw error;
      const sendAgain = failed.problems.every(({ problem }) => TO_BE_SENT_AGAIN.has(problem));
      if (!sendAgain || round === ROUNDS) throw failed;
      puts = await missing(upload);
    }
  }
}

async function sendAll(upload: Upload, puts: Puts): Promise<void> {
  const { asking, progress, concurrency, files } = upload;
  if (files.length === 0) progress.allSent(); // the key is of an upload that is complete
  for (const { index, imageId, blob } of files) progress.sentOf(index, puts.has(imageId) ? 0 : blob.size);
  await inParallel(concurrency, files, asking.signal, async (file, signal) => {
    const put = puts.get(file.imageId);
    const watch = { signal, onSent: (bytes: number) => progress.sentOf(file.index, bytes) };
    const freshPut = async (imageId: string) => (await missing(upload, signal)).get(imageId) ?? null;
    if (put) await sendFile({ retry: asking.retry, watch, freshPut }, file, put);
  });
}

/** Fresh PUTs for what the store does not have. None where the upload is complete already. */
async function missing({ api, asking, productId, files }: Upload, signal = asking.signal): Promise<Puts> {
  if (files.length === 0) return new Map();
  const input = { product_id: productId };
  return putsOf(await ask({ ...asking, signal }, (options) => api.uploads.urls.mutate(input, options)));
}

function putsOf({ uploads }: { uploads: readonly (PresignedPut & { image_id: string })[] }): Puts {
  return new Map(uploads.map(({ image_id, url, headers }) => [image_id, { url, headers }]));
}

/** UPLOAD_INCOMPLETE names images; the caller knows files. */
function problemsOf({ files }: Upload, error: unknown): UploadFailed | null {
  if (!isApiError(error, 'UPLOAD_INCOMPLETE')) return null;
  const { images } = (error.data?.details ?? { images: [] }) as { images: NamedProblem[] };
  const indexes = new Map(files.map(({ imageId, index }) => [imageId, index]));
  const problems = images.map(({ image_id, problem, message }) => ({
    index: indexes.get(image_id) ?? 0,
    problem,
    message,
  }));
  return new UploadFailed(problems, { cause: error });
}
