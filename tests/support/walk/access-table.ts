import type { ErrorCode } from '../../../src/kernel/error-codes';
import { multipartBytes, productParts } from '../multipart';
import { PROMPT } from '../seller-client';

/** What the calls of the walk name: all of it is one seller's, and a lease of it one worker's. */
export interface Ids {
  readonly product: string;
  readonly image: string;
  /** A direct upload that was begun. */
  readonly upload: string;
  readonly lease: string;
  /** A session of the owner's. */
  readonly session: string;
  /** The owner's email. */
  readonly email: string;
  /** A good one: what refuses it is not the picture. */
  readonly photo: Buffer;
}

export interface Access {
  /** Who may call it at all: every other role hears FORBIDDEN, and whoever has no valid token UNAUTHENTICATED. */
  readonly for: 'everybody' | 'every account' | 'seller' | 'worker';
  /** Input that its owner would be let through with; bytes are a multipart body. */
  readonly input: (ids: Ids) => Record<string, unknown>;
  /** Parts of a form, where it takes one. */
  readonly form?: (ids: Ids) => Buffer;
  /** What those hear who may call it, and own nothing of what it names. */
  readonly others: 'done' | ErrorCode;
  /** An event stream: it has begun when it tells of an error. */
  readonly stream?: true;
}

const NOTHING_ELSE = {};
const SHA256 = '0'.repeat(64);
const photo = { content_type: 'image/jpeg', file_size_bytes: 5000, sha256: SHA256 };
const form = () => multipartBytes(productParts(PROMPT, [Buffer.from('no photo')]));
const id = ({ product }: Ids) => ({ id: product });
const upload = ({ upload }: Ids) => ({ product_id: upload });
const lease = ({ lease }: Ids) => ({ id: lease });

/** A seller's own product, and nobody else's. */
const ofProduct = (more: (ids: Ids) => object = () => NOTHING_ELSE): Access => ({
  for: 'seller',
  input: (ids) => ({ ...id(ids), ...more(ids) }),
  others: 'PRODUCT_NOT_FOUND',
});
const ofUpload = (more: (ids: Ids) => object = () => NOTHING_ELSE): Access => ({
  for: 'seller',
  input: (ids) => ({ ...upload(ids), ...more(ids) }),
  others: 'PRODUCT_NOT_FOUND',
});
/** A worker's own lease, and nobody else's. */
const ofLease = (more: (ids: Ids) => object = () => NOTHING_ELSE): Access => ({
  for: 'worker',
  input: (ids) => ({ ...lease(ids), ...more(ids) }),
  others: 'NOT_FOUND',
});

/**
 * Every procedure, and who hears what from it; both doors answer alike. One that has no line here fails tests/api/walk.test.ts: nobody
 * adds a procedure without saying who may call it.
 */
export const ACCESS: Readonly<Record<string, Access>> = {
  'auth.register': {
    for: 'everybody',
    input: ({ email }) => ({ email, password: 'correct horse battery staple' }),
    others: 'EMAIL_TAKEN',
  },
  'auth.login': {
    for: 'everybody',
    input: ({ email }) => ({ email, password: 'not the right one' }),
    others: 'UNAUTHENTICATED',
  },
  'auth.refresh': { for: 'everybody', input: () => ({ refresh_token: 'x'.repeat(43) }), others: 'UNAUTHENTICATED' },
  'auth.logout': { for: 'everybody', input: () => ({ refresh_token: 'x'.repeat(43) }), others: 'done' },
  'users.me': { for: 'every account', input: () => ({}), others: 'done' },
  'users.changePassword': {
    for: 'every account',
    input: () => ({ current_password: 'not the right one', new_password: 'correct horse battery staples' }),
    others: 'FORBIDDEN',
  },
  'users.sessions': { for: 'every account', input: () => ({}), others: 'done' },
  'users.revokeSession': { for: 'every account', input: ({ session }) => ({ id: session }), others: 'NOT_FOUND' },

  'products.create': { for: 'seller', input: () => ({}), form, others: 'UNSUPPORTED_FORMAT' },
  'products.list': { for: 'seller', input: () => ({}), others: 'done' },
  'products.get': ofProduct(),
  'products.history': ofProduct(),
  'products.update': ofProduct(() => ({ prompt_text: 'mine from now on, all of it' })),
  'products.delete': ofProduct(),
  'products.addImages': {
    ...ofProduct(),
    form: ({ product, photo }) =>
      multipartBytes([
        { name: 'id', content: product },
        { name: 'images', fileName: 'x.jpg', content: photo },
      ]),
  },
  'products.setPrimaryImage': ofProduct(({ image }) => ({ image_id: image })),
  'products.removeImage': ofProduct(({ image }) => ({ image_id: image })),
  'products.reorderImages': ofProduct(({ image }) => ({ image_ids: [image] })),
  'products.imageUrls': ofProduct(() => ({ variant: 'original' })),
  'products.imageUrlsBatch': {
    for: 'seller',
    input: ({ product }) => ({ products: [product], variant: 'original' }),
    others: 'PRODUCT_NOT_FOUND',
  },
  'products.revokeUrls': ofProduct(),
  'products.retry': ofProduct(),
  'products.regenerate': ofProduct(),
  'products.publish': ofProduct(),
  'products.events': { for: 'seller', input: ({ product }) => ({ product_id: product }), others: 'done', stream: true },

  'realtime.ticket': { for: 'seller', input: () => ({}), others: 'done' },

  'uploads.start': {
    for: 'seller',
    input: () => ({ prompt_text: 'too short', images: [photo] }),
    others: 'INVALID_PROMPT',
  },
  'uploads.urls': ofUpload(),
  'uploads.complete': ofUpload(),
  'uploads.abort': ofUpload(),

  'credentials.mercadolibre.put': {
    for: 'seller',
    input: () => ({ access_token: 'a', refresh_token: 'b', expires_at: '2030-01-01T00:00:00Z', ml_user_id: '1' }),
    others: 'done',
  },
  'credentials.mercadolibre.get': { for: 'seller', input: () => ({}), others: 'done' },
  'credentials.mercadolibre.delete': { for: 'seller', input: () => ({}), others: 'done' },

  'work.claim': {
    for: 'worker',
    input: () => ({ phase: 'processing', worker: 'w', max: 1, lease_seconds: 60 }),
    others: 'done',
  },
  'work.urls': ofLease(() => ({ variants: ['original'] })),
  'work.heartbeat': ofLease(() => ({ progress: 10 })),
  'work.refreshCredentials': ofLease(() => ({
    spent_refresh_token: 'a',
    access_token: 'b',
    refresh_token: 'c',
    expires_at: '2030-01-01T00:00:00Z',
  })),
  'work.resultUrls': ofLease(({ image }) => ({ images: [{ image_id: image, ...photo }] })),
  'work.complete': ofLease(({ image }) => ({ images: [{ image_id: image, processing_metadata: {} }] })),
  'work.fail': ofLease(() => ({ error: 'broken', retryable: false })),
};

/** What is no procedure: the status that each caller gets. `accounts` have a valid token, of whatever role. */
export const OTHER_ROUTES: readonly {
  readonly path: string;
  readonly nobody: number;
  readonly accounts: number;
  readonly sellers?: number;
  readonly upgrade?: true;
}[] = [
  { path: '/healthz', nobody: 200, accounts: 200 },
  { path: '/readyz', nobody: 200, accounts: 200 },
  { path: '/openapi.json', nobody: 200, accounts: 200 },
  { path: '/docs', nobody: 200, accounts: 200 },
  // a token of its own
  { path: '/metrics', nobody: 401, accounts: 401 },
  // a signature, and no token
  { path: '/files/intellipost-images/products/x/original.jpg', nobody: 403, accounts: 403 },
  { path: '/api/nothing', nobody: 404, accounts: 404 },
  { path: '/trpc/nothing', nobody: 404, accounts: 404 },
  { path: '/', nobody: 404, accounts: 404 },
  { path: '/ws/products', nobody: 401, accounts: 403, sellers: 101, upgrade: true },
  { path: '/ws/products/{product}/status', nobody: 401, accounts: 403, sellers: 101, upgrade: true },
];
