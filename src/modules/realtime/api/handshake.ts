import { z } from 'zod';
import { AppError } from '../../../kernel/app-error';
import { isUuid, type ProductId } from '../../../kernel/ids';
import { bearerToken } from '../../../platform/http/make-request-context';
import type { Credential } from '../application/admit';

const SUBPROTOCOL = 'bearer';

const query = z.strictObject({
  ticket: z.string().min(1).optional(),
  last_event_id: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .optional(),
});

export interface Handshake {
  readonly credential: Credential;
  /** To be answered; null where the client offered none. It is never the token. */
  readonly subprotocol: typeof SUBPROTOCOL | null;
  readonly lastEventId: number | null;
}

/**
 * What a client sends to open a socket. Browsers can set no header but the subprotocols, so the token is one of them:
 * `new WebSocket(url, ['bearer', token])`.
 * @throws AppError VALIDATION_FAILED for any other query; UNAUTHENTICATED for subprotocols of another form
 */
export function readHandshake(request: Request): Handshake {
  const { ticket, last_event_id } = query.parse(queryOf(request));
  const offered = request.headers.get('sec-websocket-protocol');
  const token = offered === null ? bearerToken(request.headers) : tokenOffered(offered);
  const credential = ticket === undefined ? token && { token } : { ticket };
  return {
    credential: credential || null,
    subprotocol: offered === null ? null : SUBPROTOCOL,
    lastEventId: last_event_id ?? null,
  };
}

/** @throws AppError PRODUCT_NOT_FOUND for what cannot be the id of anything */
export function productIdOf(text: string): ProductId {
  const id = text.toLowerCase();
  if (!isUuid(id)) throw new AppError('PRODUCT_NOT_FOUND');
  return id as ProductId;
}

/** A name that is there twice becomes a list, for the schema to refuse. */
function queryOf(request: Request): Record<string, string | string[]> {
  const { searchParams } = new URL(request.url);
  const names = new Set(searchParams.keys());
  const given = (name: string) => {
    const all = searchParams.getAll(name);
    return all.length === 1 ? (all[0] as string) : all;
  };
  return Object.fromEntries([...names].map((name) => [name, given(name)]));
}

// Bun would answer with the first that is offered: only this form is sure not to echo a token.
function tokenOffered(offered: string): string | null {
  const [protocol, token, ...more] = offered.split(',').map((part) => part.trim());
  if (protocol !== SUBPROTOCOL || more.length > 0) throw new AppError('UNAUTHENTICATED');
  return token || null;
}
