import { putStreamed, putWhole } from './put-by-fetch';
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

/** How files are sent here. */
export interface WayToSend {
  readonly send: SendPut;
  /** Slower than this, no server would go on reading; 0 where bytes are told as they leave, so that silence is noticed by itself. */
  readonly msPerByte: number;
}

/** The server's own: 16 KiB/s. */
const SLOWEST_MS_PER_BYTE = 1000 / (16 * 1024);

/** Pages tell the bytes by XMLHttpRequest: their fetch tells none. */
export function wayToSend(here: { XMLHttpRequest?: unknown; Bun?: unknown } = globalThis): WayToSend {
  if (here.XMLHttpRequest) return { send: putByXhr, msPerByte: 0 };
  return here.Bun ? { send: putStreamed, msPerByte: 0 } : { send: putWhole, msPerByte: SLOWEST_MS_PER_BYTE };
}

/** No byte left, and no answer came, for too long: what a phone sees that has gone out of reach. */
class ConnectionSilent extends Error {
  override readonly name = 'ConnectionSilent';
}

/**
 * Sends one file, and gives up when nothing moves any more.
 * @param silenceMs how long nothing may move; where no byte is told, beyond the time that the slowest line takes for the file
 */
export async function sendPut(
  put: PresignedPut,
  file: Blob,
  watch: PutWatch,
  silenceMs: number,
  { send, msPerByte } = wayToSend(),
): Promise<number> {
  const silent = new AbortController();
  const giveUp = () => silent.abort(new ConnectionSilent(`nothing moved for ${silenceMs} ms`));
  let timer = setTimeout(giveUp, silenceMs + file.size * msPerByte);
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
