import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  isNonJsonSerializable,
  retryLink,
  splitLink,
} from '@trpc/client';
import type { AppRouter } from '../container';
import { FetchEventSource } from './event-source';

export interface ApiOptions {
  /** Of the server, such as `https://api.example.com`. */
  readonly url: string;
  /** An access token. It must outlive each upload: one in which it runs out fails, and stays until the server's clock ends it. */
  readonly token?: string;
  /**
   * Asked before each request, in place of `token`: access tokens live for minutes, uploads may take longer. A call of an upload whose
   * token is refused all the same asks once more. What it throws ends an upload, and is what the upload fails with: an app that fetches
   * its tokens waits out a lost connection itself, or fetches them by an `api` of this client, whose passing faults are waited out.
   */
  readonly getToken?: () => string | Promise<string>;
}

/** Every procedure of the server with its input, output and errors. A call's own headers go by `{ context: { headers } }`. */
export type Api = ReturnType<typeof createTRPCClient<AppRouter>>;

/** Something in between has answered, such as a proxy or the login page of a network; tRPC would say only that it is no JSON. */
export class ForeignAnswer extends Error {
  override readonly name = 'ForeignAnswer';
  constructor(readonly status: number) {
    super(`the answer is not of the API (status ${status})`);
  }
}

/** `getToken` has thrown its `cause`. */
export class NoToken extends Error {
  override readonly name = 'NoToken';
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** A second refusal within this time is of the next token, not of another sleep. */
const RIGHT_AFTER_MS = 10_000;

/** The most calls that the server takes in one batch. */
const BATCH_MAX = 20;

export function createApi(options: ApiOptions): Api {
  const url = `${options.url.replace(/\/+$/, '')}/trpc`;
  const authorization = () => authorizationOf(options);
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: [
          // a stream ends with its token, and goes on with the next one where it was
          retryLink({ retry: options.getToken === undefined ? () => false : untilRefusedTwice() }),
          httpSubscriptionLink({
            url,
            EventSource: FetchEventSource,
            eventSourceOptions: { headers: authorization },
          }),
        ],
        false: splitLink({
          // neither a form nor headers of its own can be part of a batch
          condition: ({ input, context }) => isNonJsonSerializable(input) || context.headers !== undefined,
          true: httpLink({
            url,
            fetch: fetchJson,
            headers: async ({ op }) => ({
              ...(await authorization()),
              ...(op.context.headers as Record<string, string>),
            }),
          }),
          false: httpBatchLink({ url, fetch: fetchJson, headers: authorization, maxItems: BATCH_MAX }),
        }),
      }),
    ],
  });
}

async function fetchJson(input: RequestInfo | URL, init?: object): Promise<Response> {
  const response = await fetch(input, init);
  if (!response.headers.get('content-type')?.includes('json')) throw new ForeignAnswer(response.status);
  return response;
}

/**
 * Whoever comes back to a stream, after a lost line or a sleep, may bring a token that has run out meanwhile: a refusal says no more of it
 * than that it is none. The next token is tried; one that is refused as well, right after it, ends the stream.
 */
function untilRefusedTwice() {
  const refusedAt = new Map<number, number>();
  return ({ op, error }: { op: { id: number }; error: { data?: unknown } }): boolean => {
    if (hasExpired(error)) return true;
    if ((error.data as { code?: string } | undefined)?.code !== 'UNAUTHENTICATED') return false;
    const before = refusedAt.get(op.id) ?? Number.NEGATIVE_INFINITY;
    refusedAt.set(op.id, Date.now());
    return Date.now() - before > RIGHT_AFTER_MS;
  };
}

function hasExpired({ data }: { data?: unknown }): boolean {
  const { details } = (data ?? {}) as { details?: { reason?: string } };
  return details?.reason === 'expired';
}

async function authorizationOf(options: ApiOptions): Promise<Record<string, string>> {
  const token = options.getToken ? await tokenOf(options.getToken) : options.token;
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

async function tokenOf(getToken: () => string | Promise<string>): Promise<string> {
  try {
    return await getToken();
  } catch (error) {
    throw new NoToken(error);
  }
}
