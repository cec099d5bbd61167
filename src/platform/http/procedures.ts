import { initTRPC, TRPCError } from '@trpc/server';
import type { OpenApiMeta } from 'trpc-to-openapi';
import { AppError } from '../../kernel/app-error';
import { ERROR_CODES, type ErrorCode } from '../../kernel/error-codes';
import type { Admin, Principal, Role, Seller, Worker } from '../../kernel/principal';
import type { RequestContext } from './request-context';
import { toAppError } from './to-app-error';

/** What a procedure says of itself: `openapi` is its REST route, the rest completes the document. */
export interface ProcedureMeta extends OpenApiMeta {
  /** Status of success. Default 200; 204 has no body. */
  status?: 200 | 201 | 202 | 204;
  /** The codes that only this procedure answers; those that every one may answer are added. */
  errors?: readonly ErrorCode[];
  /** The input is an unread multipart body: `multipartInput()`. */
  multipart?: boolean;
  /** For the document: a request and its answer, as they stand on the wire. */
  examples?: { request?: unknown; response?: unknown };
}

const t = initTRPC
  .meta<ProcedureMeta>()
  .context<RequestContext>()
  .create({
    isDev: false, // never a stack in an answer
    // Bun cuts what is silent; and a client that hears nothing for so long connects again
    sse: { ping: { enabled: true, intervalMs: 3_000 }, client: { reconnectAfterInactivityMs: 10_000 } },
    errorFormatter({ shape, error, ctx, path }) {
      const seen = toAppError(error);
      return {
        message: seen.message,
        code: shape.code,
        data: {
          code: seen.code,
          httpStatus: seen.httpStatus,
          ...(seen.details === undefined ? {} : { details: seen.details }),
          ...(path === undefined ? {} : { path }),
          request_id: ctx?.requestId ?? null,
        },
      };
    },
  });

export const router = t.router;
export const mergeRouters = t.mergeRouters;
export const callerFactory = t.createCallerFactory;

/** Errors leave every procedure as TRPCError with the status of their code, so that each door answers alike. */
const mapErrors = t.middleware(async ({ ctx, next }) => {
  const result = await next();
  if (result.ok) return result;
  const seen = toAppError(result.error);
  if (seen.retryAfterSeconds !== undefined) ctx.responseHeaders.set('retry-after', String(seen.retryAfterSeconds));
  throw new TRPCError({ code: ERROR_CODES[seen.code].trpc, message: seen.message, cause: seen });
});

/** Before its input is read. */
const limitRate = t.middleware(async ({ ctx, path, next }) => {
  await ctx.admitCall(path);
  return next();
});

/** Anyone may call it, as often as the limits allow. */
export const publicProcedure = t.procedure.use(mapErrors).use(limitRate);

/** Whoever has a valid access token. */
export const authenticatedProcedure = publicProcedure.use(({ ctx, next }) =>
  next({ ctx: { principal: required(ctx) } }),
);

export const sellerProcedure = publicProcedure.use(({ ctx, next }) =>
  next({ ctx: { seller: ofRole(ctx, 'seller') as Seller } }),
);
export const workerProcedure = publicProcedure.use(({ ctx, next }) =>
  next({ ctx: { worker: ofRole(ctx, 'worker') as Worker } }),
);
/** @public nothing asks for it yet */
export const adminProcedure = publicProcedure.use(({ ctx, next }) =>
  next({ ctx: { admin: ofRole(ctx, 'admin') as Admin } }),
);

function required(ctx: RequestContext): Principal {
  if (!ctx.principal) throw new AppError('UNAUTHENTICATED');
  return ctx.principal;
}

function ofRole(ctx: RequestContext, role: Role): Principal {
  const principal = required(ctx);
  if (principal.role !== role) throw new AppError('FORBIDDEN', `Only a ${role} may do this.`);
  return principal;
}
