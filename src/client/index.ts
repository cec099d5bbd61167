import { type Api, type ApiOptions, createApi } from './api';
import { DEFAULT_RETRY, type Retry } from './upload/retry';
import { type UploadOptions, uploadProduct } from './upload/upload-product';
import type { UploadedProduct } from './upload/uploaded-product';

export type { AppRouter } from '../container';
export type { Api } from './api';
export type { UploadProgress } from './upload/progress';
export { type FileProblem, UploadFailed } from './upload/upload-failed';
export type { UploadOptions } from './upload/upload-product';
export type { UploadedProduct } from './upload/uploaded-product';

export interface ClientOptions extends ApiOptions {
  /** How patiently uploads are tried again. */
  readonly retry?: Partial<Retry>;
}

export interface Client {
  readonly api: Api;
  /**
   * Sends photos straight to the store and makes a product of them; their bytes do not pass through the server.
   * A lost connection is waited for, and what has arrived is not sent again. Where it fails, nothing of it remains; only if the server
   * cannot be told, because it is not reached or takes the token no more, it learns it by the clock (within a day).
   * @param files JPEG or PNG, in the order of their positions
   * @throws UploadFailed, TRPCClientError (what the server refused), `options.signal.reason`, what `onProgress` or `getToken` throws
   */
  uploadProduct(
    files: Iterable<Blob> | ArrayLike<Blob>,
    prompt: string,
    options?: UploadOptions,
  ): Promise<UploadedProduct>;
}

/**
 * A client of this server for browsers, Bun and Node. Of the server it has the types alone.
 *
 *     const { api, uploadProduct } = createClient({ url: 'https://api.example.com', getToken });
 *     const product = await uploadProduct(input.files, 'Used bicycle, blue', { onProgress: show });
 *     const { products } = await api.products.list.query({ limit: 10 });
 */
export function createClient({ retry, ...options }: ClientOptions): Client {
  const api: Api = createApi(options);
  const upload = uploadProduct({
    api,
    retry: { ...DEFAULT_RETRY, ...retry },
    renewsToken: options.getToken !== undefined,
  });
  return {
    api,
    uploadProduct: (files, prompt, uploadOptions = {}) => upload(Array.from(files), prompt, uploadOptions),
  };
}
