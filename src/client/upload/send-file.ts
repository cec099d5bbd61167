import { type PresignedPut, type PutWatch, sendPut, type WayToSend, wayToSend } from './put';
import { pause, type Retry } from './retry';
import { requireUnchanged } from './unchanged-file';
import { UploadFailed } from './upload-failed';

/** One file that has been announced. */
export interface AnnouncedFile {
  readonly index: number;
  readonly blob: Blob;
  readonly imageId: string;
  /** As it was announced. */
  readonly sha256: string;
}

/** When all bytes have left but no answer came, the store may still be writing them: asked too soon, it would not know of them. */
const STORING_MS = 1_000;

/**
 * What no further try would change: the length is missing, too much, or of a type that the store or a proxy before it does not take. By
 * 400 S3 says also what passes (RequestTimeout, ExpiredToken), and by 403 that the URL has expired.
 */
const FINAL_STATUSES = new Set([411, 413, 415]);

export interface SendFileDeps {
  readonly retry: Retry;
  readonly watch: PutWatch;
  readonly way?: WayToSend;
  /** A PUT that works from now on; null where the bytes have arrived. */
  readonly freshPut: (imageId: string) => Promise<PresignedPut | null>;
}

/**
 * Sends one file until the store has it. After every failure the file is looked at, because a changed one can never be taken, and the
 * server is asked before anything is sent again: the bytes may have arrived though the answer did not, and the URL may have expired.
 * @throws UploadFailed NOT_SENT, FILE_CHANGED; `watch.signal.reason`; what `freshPut` throws
 */
export async function sendFile(deps: SendFileDeps, file: AnnouncedFile, first: PresignedPut): Promise<void> {
  const { retry, watch } = deps;
  let put: PresignedPut | null = first;
  for (let failures = 1; put; failures += 1) {
    const { failure, hadLeft, isFinal } = await sendOnce(deps, file, put);
    if (failure === null) break;
    watch.signal.throwIfAborted();
    watch.onSent(0);
    await requireUnchanged(file);
    if (isFinal || failures >= retry.attempts) throw notSent(file, failure);
    await pause(retry, failures, watch.signal, hadLeft ? STORING_MS : 0);
    put = await deps.freshPut(file.imageId);
  }
  watch.onSent(file.blob.size);
}

interface Outcome {
  /** Null: the store has it. */
  readonly failure: unknown;
  /** Whether all bytes had left, with no answer to them, or may have: not every way to send tells. */
  readonly hadLeft: boolean;
  readonly isFinal: boolean;
}

async function sendOnce(
  { retry, watch, way = wayToSend() }: SendFileDeps,
  { blob }: AnnouncedFile,
  put: PresignedPut,
): Promise<Outcome> {
  let left = 0;
  const onSent = (bytes: number) => {
    left = bytes;
    watch.onSent(bytes);
  };
  try {
    const status = await sendPut(put, blob, { ...watch, onSent }, retry.silenceMs, way);
    // 412: the key is taken, and only these bytes could be put there
    const isStored = (status >= 200 && status < 300) || status === 412;
    const failure = isStored ? null : new Error(`the store answered ${status}`);
    return { failure, hadLeft: false, isFinal: FINAL_STATUSES.has(status) };
  } catch (failure) {
    return { failure, hadLeft: way.msPerByte > 0 || left === blob.size, isFinal: false };
  }
}

function notSent({ index }: AnnouncedFile, cause: unknown): UploadFailed {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new UploadFailed([{ index, problem: 'NOT_SENT', message }], { cause });
}
