import { createTRPCClient, httpLink } from '@trpc/client';
import type { AppRouter } from '../../src/container';
import { multipartBytes, multipartType, productParts, type TestPart } from './multipart';

export const PROMPT = 'A used bicycle, blue, new tyres';
export const PASSWORD = 'correct horse battery staple';

type Headers = Readonly<Record<string, string>>;

/** A seller with an account on a running server, who knows the REST door and the tRPC door. */
export interface SellerClient {
  readonly url: string;
  readonly email: string;
  readonly userId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** `authorization` with the access token. */
  readonly headers: Headers;
  /** JSON in, whatever comes out. */
  call(method: string, path: string, body?: object): Promise<Response>;
  /** Multipart, byte for byte as `parts` say. */
  post(path: string, parts: readonly TestPart[], headers?: Headers): Promise<Response>;
  /** POST /api/products of these photos. */
  upload(photos: readonly Uint8Array[], headers?: Headers): Promise<Response>;
  /** The same account on another address: the server has been started again. */
  at(server: { url: string }): SellerClient;
  /** @param headers sent with every call of this client, beside the token */
  trpc(headers?: Headers): ReturnType<typeof createTRPCClient<AppRouter>>;
}

type Account = Pick<SellerClient, 'email' | 'userId' | 'accessToken' | 'refreshToken' | 'headers'>;

/** Registers. */
export async function aSeller({ url }: { url: string }): Promise<SellerClient> {
  const email = `seller-${Bun.randomUUIDv7()}@example.com`;
  const registered = await fetch(`${url}/api/auth/register`, jsonInit('POST', { email, password: PASSWORD }));
  if (registered.status !== 201) {
    throw new Error(`registration answered ${registered.status}: ${await registered.text()}`);
  }
  const tokens = (await registered.json()) as { access_token: string; refresh_token: string; user: { id: string } };
  return clientOf(url, {
    email,
    userId: tokens.user.id,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
}

function clientOf(url: string, account: Account): SellerClient {
  const { headers } = account;
  const post: SellerClient['post'] = (path, parts, more = {}) =>
    fetch(url + path, {
      method: 'POST',
      body: multipartBytes(parts),
      headers: { ...headers, 'content-type': multipartType(), ...more },
    });
  return {
    ...account,
    url,
    call: (method, path, body) => fetch(url + path, jsonInit(method, body, headers)),
    post,
    upload: (photos, more) => post('/api/products', productParts(PROMPT, photos), more),
    at: (server) => clientOf(server.url, account),
    trpc: (more = {}) =>
      createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc`, headers: { ...headers, ...more } })] }),
  };
}

/** The form of a product, as a browser builds it. */
export function productForm(photos: readonly Uint8Array[]): FormData {
  const form = new FormData();
  form.set('prompt_text', PROMPT);
  for (const [index, bytes] of photos.entries()) {
    form.append('images', new File([Buffer.from(bytes)], `photo-${index}.jpg`, { type: 'image/jpeg' }));
  }
  return form;
}

/** `[status, code]` of an answer: by REST, or by tRPC in its own envelope; the code is null where there is no error. */
export async function seen(response: Response | { status: number; body: string }): Promise<[number, string | null]> {
  const text = response instanceof Response ? await response.text() : response.body;
  const { error } = JSON.parse(text) as { error?: { code?: string | number; data?: { code: string } } };
  return [response.status, error?.data?.code ?? (error?.code as string | undefined) ?? null];
}

function jsonInit(method: string, body?: object, headers: Headers = {}): RequestInit {
  return body === undefined
    ? { method, headers }
    : { method, body: JSON.stringify(body), headers: { ...headers, 'content-type': 'application/json' } };
}
