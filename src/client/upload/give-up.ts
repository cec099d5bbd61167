import type { Api } from '../api';
import { type Announcement, announce } from './announce';
import { type Asking, ask, isApiError, isRefusal, type Patience } from './ask';
import { UploadFailed } from './upload-failed';
import type { UploadedProduct } from './uploaded-product';

interface GiveUpDeps extends Patience {
  readonly api: Api;
}

const GIVES_UP_WITHIN_MS = 10_000;

/**
 * Gives up an upload whose announcement has failed: unless it was refused, the server may have begun it. The same announcement says
 * which one it is. If it cannot be told, the server finds out by the clock.
 */
export async function takeBack(
  { api, ...patience }: GiveUpDeps,
  announcement: Announcement,
  failure: unknown,
): Promise<void> {
  if (isRefusal(failure)) return;
  const asking = soon(patience);
  await announce(api, asking, announcement)
    .then(({ product_id }) => abort(api, asking, product_id))
    .catch(() => undefined);
}

/**
 * Gives an upload up. One that is no longer open was completed by a call that got no answer: its product is what was wanted, or,
 * where the caller has ended it, is deleted. If it cannot be told, as by a token that has run out, the server finds out by the clock.
 * @param signal of the upload: its caller, or their watcher, has ended it
 * @returns the product, where there is one after all
 */
export async function giveUp(
  { api, ...patience }: GiveUpDeps,
  productId: string,
  failure: unknown,
  signal: AbortSignal,
): Promise<UploadedProduct | null> {
  const asking = soon(patience);
  try {
    await abort(api, asking, productId);
    return null;
  } catch (error) {
    // Files that did not come, or cannot be taken: it is not complete.
    if (!isApiError(error, 'PRODUCT_NOT_FOUND') || failure instanceof UploadFailed) return null;
    return await endCompleted(api, asking, productId, signal.aborted).catch(() => null);
  }
}

async function endCompleted(
  api: Api,
  asking: Asking,
  id: string,
  isUnwanted: boolean,
): Promise<UploadedProduct | null> {
  if (!isUnwanted) return await ask(asking, (options) => api.uploads.complete.mutate({ product_id: id }, options));
  await ask(asking, (options) => api.products.delete.mutate({ id }, options));
  return null;
}

function abort(api: Api, asking: Asking, id: string): Promise<void> {
  return ask(asking, (options) => api.uploads.abort.mutate({ product_id: id }, options));
}

function soon(patience: Patience): Asking {
  return { ...patience, signal: AbortSignal.timeout(GIVES_UP_WITHIN_MS) };
}
