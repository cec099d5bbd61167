import type { AppError } from '../../kernel/app-error';
import { causesOf } from '../../kernel/causes-of';
import type { Allowance, Policy } from '../admission/rate-limits';
import { ClientDisconnected } from './client-disconnected';

/**
 * One request on its way to its answer: what the log line and the metrics will say of it. Doors fill it in.
 * Found by the request itself, so that no framework has to carry it.
 */
export class Exchange {
  readonly startedAt = performance.now();
  /** The template of the path, such as `/api/products/{id}`; null until a door has recognised it. */
  route: string | null = null;
  userId: string | null = null;
  /** The client's address, as far as it can be believed. */
  address: string | null = null;
  /** What the client has left of each limit that was asked: sent with the answer. */
  readonly allowances = new Map<Policy, Allowance>();
  /** It came too often. The tRPC door says so in its own envelope, so it is told there. */
  refusal: AppError | null = null;
  /** Of the files of a multipart body, as they came. */
  receivedBytes = 0;
  /** Of the answer, where a door knows it. */
  answeredBytes: number | null = null;
  /** The whole body has been taken in: nothing is left for `linger`. */
  bodyRead = false;
  disconnected = false;
  /** The client asked for a WebSocket, at a door that may give it one. */
  upgrading = false;
  /** What went wrong, for the log; a batch can fail more than once. */
  readonly failures: unknown[] = [];
  #isAnswered = false;
  readonly #untilAnswered: (() => void)[] = [];

  constructor(readonly requestId: string) {}

  /** @param end called once there is an answer, and at once where there is one already */
  untilAnswered(end: () => void): void {
    if (this.#isAnswered) end();
    else this.#untilAnswered.push(end);
  }

  answered(): void {
    this.#isAnswered = true;
    for (const end of this.#untilAnswered.splice(0)) end();
  }

  fail(error: unknown): void {
    if (isDisconnect(error)) this.disconnected = true;
    else this.failures.push(error);
  }
}

const exchanges = new WeakMap<Request, Exchange>();

// A client's own id may be anything that is safe in a header, a log line and a file name.
const ACCEPTABLE_ID = /^[A-Za-z0-9._-]{1,64}$/;

export function beginExchange(request: Request): Exchange {
  const theirs = request.headers.get('x-request-id');
  const id = theirs !== null && ACCEPTABLE_ID.test(theirs) ? theirs : Bun.randomUUIDv7();
  const exchange = new Exchange(id);
  exchanges.set(request, exchange);
  return exchange;
}

/** The exchange of a request that came through the app. */
export function exchangeOf(request: Request): Exchange {
  return exchanges.get(request) ?? beginExchange(request);
}

function isDisconnect(error: unknown): boolean {
  return causesOf(error).some((cause) => cause instanceof ClientDisconnected);
}
