import type { Api } from '../api';
import { type Asking, ask } from './ask';
import type { Declaration } from './declare';

/** What an upload is begun with; the same again is the same upload. */
export interface Announcement {
  readonly prompt: string;
  readonly images: Declaration[];
  /** Idempotency-Key */
  readonly key: string;
}

/** @throws TRPCClientError, `asking.signal.reason`: unless it is a refusal, the server may have begun the upload all the same */
export function announce(api: Api, asking: Asking, { prompt, images, key }: Announcement) {
  const context = { headers: { 'idempotency-key': key } };
  const input = { prompt_text: prompt, images };
  return ask(asking, ({ signal }) => api.uploads.start.mutate(input, { signal, context }));
}
