import { putByFetch } from './put-by-fetch';
import { putByXhr } from './put-by-xhr';

/** A presigned PUT, to be sent as it stands. */
export interface PresignedPut {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PutWatch {
  readonly signal: AbortSignal;
  /** Bytes of the body that have left so far. */
  onSent(bytes: number): void;
}

/** @returns the status. @throws where there was no answer */
export type SendPut = (put: PresignedPut, file: Blob, watch: PutWatch) => Promise<number>;

/** No byte left, and no answer came, for too long: what a phone sees that has gone out of reach. */
class ConnectionSilent extends Error {
  override readonly name = 'ConnectionSilent';
}

/**
 * Sends one file, and gives up when nothing moves any more. Pages tell the bytes by XMLHttpRequest: their fetch tells none.
 * @param silenceMs how long nothing may move
 */
export async function sendPut(put: PresignedPut, file: Blob, watch: PutWatch, silenceMs: number): Promise<number> {
  const silent = new AbortController();
  const giveUp = () => silent.abort(new ConnectionSilent(`nothing moved for ${silenceMs} ms`));
  let timer = setTimeout(giveUp, silenceMs);
  const send: SendPut = typeof XMLHttpRequest === 'undefined' ? putByFetch : putByXhr;
  try {
    return await send(put, file, {
      signal: AbortSignal.any([watch.signal, silent.signal]),
      onSent(bytes) {
        clearTimeout(timer);
        timer = setTimeout(giveUp, silenceMs);
        watch.onSent(bytes);
      },
    });
  } finally {
    clearTimeout(timer);
  }
}
