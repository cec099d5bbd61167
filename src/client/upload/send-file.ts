import { type PresignedPut, type PutWatch, sendPut } from './put';
import { pause, type Retry } from './retry';
import { UploadFailed } from './upload-failed';

/** One file that has been announced. */
export interface AnnouncedFile {
  readonly index: number;
  readonly blob: Blob;
  readonly imageId: string;
}

export interface SendFileDeps {
  readonly retry: Retry;
  readonly watch: PutWatch;
  /** A PUT that works from now on; null where the bytes have arrived. */
  readonly freshPut: (imageId: string) => Promise<PresignedPut | null>;
}

/**
 * Sends one file until the store has it. After every failure the server is asked before anything is sent again: the bytes may have
 * arrived though the answer did not, and the URL may have expired.
 * @throws UploadFailed NOT_SENT; `watch.signal.reason`; what `freshPut` throws
 */
export async function sendFile(deps: SendFileDeps, file: AnnouncedFile, first: PresignedPut): Promise<void> {
  const { retry, watch } = deps;
  let put: PresignedPut | null = first;
  for (let failures = 1; put; failures += 1) {
    const failure = await sendOnce(deps, file, put);
    if (failure === null) break;
    watch.signal.throwIfAborted();
    watch.onSent(0);
    if (failures >= retry.attempts) throw notSent(file, failure);
    await pause(retry, failures, watch.signal);
    put = await deps.freshPut(file.imageId);
  }
  watch.onSent(file.blob.size);
}

/** Null: the store has it. */
async function sendOnce({ retry, watch }: SendFileDeps, file: AnnouncedFile, put: PresignedPut): Promise<unknown> {
  try {
    const status = await sendPut(put, file.blob, watch, retry.silenceMs);
    // 412: the key is taken, and only these bytes could be put there
    return (status >= 200 && status < 300) || status === 412 ? null : new Error(`the store answered ${status}`);
  } catch (error) {
    return error;
  }
}

function notSent({ index }: AnnouncedFile, cause: unknown): UploadFailed {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new UploadFailed([{ index, problem: 'NOT_SENT', message }], { cause });
}
