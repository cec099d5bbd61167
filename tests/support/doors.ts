import type { AnyElysia } from 'elysia';
import { z } from 'zod';
import { type AppParts, createApp } from '../../src/app';
import { AppError } from '../../src/kernel/app-error';
import { authenticatedPrincipal } from '../../src/kernel/authenticated-principal';
import type { UserId } from '../../src/kernel/ids';
import { clientAddresses } from '../../src/platform/http/client-address';
import { multipartBody } from '../../src/platform/http/multipart-body';
import { type MultipartInput, multipartInput } from '../../src/platform/http/multipart-input';
import type { MultipartBody } from '../../src/platform/http/multipart-port';
import { authenticatedProcedure, publicProcedure, router, sellerProcedure } from '../../src/platform/http/procedures';
import { InFlight } from '../../src/platform/http/shutdown';
import { createLog } from '../../src/platform/telemetry/log';
import { createMetrics } from '../../src/platform/telemetry/metrics';

export const SELLER_ID = '0190a0c1-7f3a-7cc2-9d1b-3f6f1d2a4b5c' as UserId;
export const SELLER = { authorization: 'Bearer seller-token' };
export const WORKER = { authorization: 'Bearer worker-token' };

const failures: Record<string, () => unknown> = {
  unknown: () => new Error('select secret_column from users'),
  database: () => Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' }),
  quota: () => new AppError('QUOTA_EXCEEDED', 'Too much.', { details: { used: 3 } }),
  busy: () => new AppError('RATE_LIMITED', undefined, { retryAfterSeconds: 7 }),
};

const thing = z.object({ id: z.uuid(), name: z.string() }).meta({ id: 'Thing' });
const id = z.uuid();
const file = z.object({ field: z.string(), file_name: z.string(), size_bytes: z.int() });
const uploaded = z.object({ prompt_text: z.string(), files: z.array(file), path_id: z.string().optional() });
const formSchema = {
  type: 'object',
  required: ['prompt_text', 'images'],
  properties: {
    prompt_text: { type: 'string' },
    images: { type: 'array', items: { type: 'string', format: 'binary' } },
  },
};

async function receive({ body, params }: MultipartInput<MultipartBody>) {
  const files: z.infer<typeof file>[] = [];
  let prompt_text = '';
  await body.read({
    field(name, value) {
      if (name === 'prompt_text') prompt_text = value;
      else throw new AppError('VALIDATION_FAILED', `Unknown field ${name}.`);
    },
    async file(part) {
      let size_bytes = 0;
      for await (const chunk of part.bytes) size_bytes += chunk.byteLength;
      files.push({ field: part.field, file_name: part.fileName, size_bytes });
    },
  });
  if (files.length === 0) throw new AppError('VALIDATION_FAILED', 'No file.');
  return { prompt_text, files, ...(params.id === undefined ? {} : { path_id: params.id }) };
}

/** Procedures of every shape that a door has to carry, with nothing behind them. */
export const thingsRouter = router({
  things: router({
    list: publicProcedure
      .meta({ openapi: { method: 'GET', path: '/api/things', tags: ['Things'], summary: 'List', protect: false } })
      .input(
        z
          .strictObject({ limit: z.coerce.number().int().min(1).max(5).default(2), word: z.string().optional() })
          .prefault({}),
      )
      .output(z.object({ limit: z.number(), word: z.string().nullable() }))
      .query(({ input }) => ({ limit: input.limit, word: input.word ?? null })),
    get: sellerProcedure
      .meta({ openapi: { method: 'GET', path: '/api/things/{id}', tags: ['Things'] }, errors: ['PRODUCT_NOT_FOUND'] })
      .input(z.strictObject({ id }))
      .output(thing)
      .query(({ input }) => ({ id: input.id, name: 'a thing' })),
    create: sellerProcedure
      .meta({
        openapi: { method: 'POST', path: '/api/things', tags: ['Things'], summary: 'Create' },
        status: 201,
        examples: { request: { name: 'a lamp' }, response: { id: SELLER_ID, name: 'a lamp' } },
      })
      .input(z.strictObject({ name: z.string().min(1) }))
      .output(thing)
      .mutation(({ input, ctx }) => {
        ctx.responseHeaders.set('location', `/api/things/${SELLER_ID}`);
        return { id: SELLER_ID, name: input.name };
      }),
    rename: sellerProcedure
      .meta({ openapi: { method: 'PATCH', path: '/api/things/{id}', tags: ['Things'] } })
      .input(z.strictObject({ id, name: z.string() }))
      .output(thing)
      .mutation(({ input }) => input),
    remove: sellerProcedure
      .meta({ openapi: { method: 'DELETE', path: '/api/things/{id}', tags: ['Things'] }, status: 204 })
      .input(z.strictObject({ id }))
      .output(z.void())
      .mutation(() => undefined),
    upload: sellerProcedure
      .meta({
        openapi: {
          method: 'POST',
          path: '/api/uploads',
          tags: ['Things'],
          requestHeaders: z.object({ 'Idempotency-Key': z.string().optional() }),
        },
        status: 201,
        multipart: true,
      })
      .input(multipartInput<MultipartBody>(formSchema))
      .output(uploaded)
      .mutation(({ input }) => receive(input)),
    addTo: sellerProcedure
      .meta({ openapi: { method: 'POST', path: '/api/things/{id}/images', tags: ['Things'] }, multipart: true })
      .input(multipartInput<MultipartBody>(formSchema))
      .output(uploaded)
      .mutation(({ input }) => receive(input)),
    whoami: authenticatedProcedure
      .meta({ openapi: { method: 'GET', path: '/api/whoami', tags: ['Things'] } })
      .output(z.object({ id: z.string(), ip: z.string().nullable(), request_id: z.string() }))
      .query(({ ctx }) => ({ id: ctx.principal.userId, ip: ctx.ip, request_id: ctx.requestId })),
    fail: publicProcedure
      .meta({ openapi: { method: 'POST', path: '/api/fail', tags: ['Things'], protect: false } })
      .input(z.strictObject({ how: z.string() }))
      .output(z.object({}))
      .mutation(({ input }) => {
        throw failures[input.how]?.() ?? new Error('no such failure');
      }),
    slow: publicProcedure
      .meta({ openapi: { method: 'GET', path: '/api/slow', tags: ['Things'], protect: false } })
      .input(z.strictObject({ ms: z.coerce.number() }))
      .output(z.object({}))
      .query(({ input }) => Bun.sleep(input.ms).then(() => ({}))),
    ticks: publicProcedure.subscription(async function* ({ signal }) {
      yield 1;
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
    }),
  }),
});
export type ThingsRouter = typeof thingsRouter;

export interface Doors {
  readonly url: string;
  readonly port: number;
  readonly inFlight: InFlight;
  readonly parts: AppParts;
  readonly app: ReturnType<typeof createApp>;
  /** What was logged, parsed. */
  readonly lines: Record<string, unknown>[];
  fetch(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export const MAX_TEST_UPLOAD = 20_000_000;

/** Everybody may come in, as often and with as much as they like. */
export const UNLIMITED: AppParts['admission'] = {
  rateLimits: { spend: () => Promise.resolve() },
  clientAddress: clientAddresses([]),
  admitBytes: () => Promise.resolve({ received: () => undefined, release: () => undefined }),
  maxBodyBytes: MAX_TEST_UPLOAD,
};

/** A listening app around the router above. */
export function startDoors(change: Partial<AppParts> = {}, doors: readonly AnyElysia[] = []): Doors {
  const lines: Record<string, unknown>[] = [];
  const inFlight = new InFlight();
  const parts: AppParts = {
    router: thingsRouter,
    authenticate: async (token) => {
      if (token === 'seller-token') return authenticatedPrincipal({ userId: SELLER_ID, role: 'seller' });
      return token === 'worker-token' ? authenticatedPrincipal({ userId: SELLER_ID, role: 'worker' }) : null;
    },
    multipartBody: (request) => multipartBody(request, { totalBytes: MAX_TEST_UPLOAD, fields: 8, fieldBytes: 4_096 }),
    doors,
    readiness: { database: async () => undefined, store: async () => undefined },
    log: createLog('debug', { write: (line) => lines.push(JSON.parse(line)) }),
    metrics: createMetrics(),
    inFlight,
    version: '1.2.3',
    corsOrigins: ['https://shop.example'],
    admission: UNLIMITED,
    trustedProxy: false,
    hstsMaxAge: 0,
    ...change,
  };
  const app = createApp(parts);
  app.listen({ port: 0, hostname: '127.0.0.1' });
  const port = app.server?.port ?? 0;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    inFlight,
    parts,
    app,
    lines,
    fetch: (path, init) => fetch(`${url}${path}`, init),
    stop: async () => {
      await app.server?.stop(true);
    },
  };
}
