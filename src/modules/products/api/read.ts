import { z } from 'zod';
import { AppError } from '../../../kernel/app-error';
import { mayBeLeftOut } from '../../../platform/http/may-be-left-out';
import { sellerProcedure } from '../../../platform/http/procedures';
import type { PageRequest } from '../domain/ports';
import { exampleHistory, examplePage, exampleProduct } from './examples';
import { idSchema, productIdOf } from './ids';
import { decodeCursor, encodeCursor } from './page-cursor';
import { historySchema, pageSchema, productSchema, statusSchema } from './schemas';
import type { ProductUseCases } from './use-cases';
import { toWireHistory, toWireProduct, toWireSummary } from './wire';

type ReadUseCases = Pick<ProductUseCases, 'listProducts' | 'getProduct' | 'productHistory'>;

export function readProcedures(useCases: ReadUseCases) {
  return { list: listProcedure(useCases), get: getProcedure(useCases), history: historyProcedure(useCases) };
}

const PAGE_LIMIT = 20;
const pageInput = z.strictObject({
  status: mayBeLeftOut(statusSchema),
  limit: mayBeLeftOut(z.coerce.number().int().min(1).max(100).meta({ default: PAGE_LIMIT })),
  offset: mayBeLeftOut(z.coerce.number().int().min(0).max(2_147_483_647)),
  cursor: mayBeLeftOut(z.string().max(200).meta({ description: 'next_cursor of the page before; not with offset.' })),
});

function listProcedure({ listProducts }: Pick<ReadUseCases, 'listProducts'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/api/products',
        tags: ['Products'],
        summary: 'List my products',
        description:
          'Newest first. Follow `next_cursor`: it costs the same on every page and neither skips nor repeats when products come or go; `offset` does not promise that.',
      },
      examples: { response: examplePage },
      errors: ['STORAGE_UNAVAILABLE'],
    })
    .input(pageInput.prefault({}))
    .output(pageSchema)
    .query(async ({ ctx, input }) => {
      const page = await listProducts(ctx.seller, pageRequest(input));
      return {
        products: page.products.map(toWireSummary),
        total: page.total,
        limit: input.limit ?? PAGE_LIMIT,
        offset: input.cursor === undefined ? (input.offset ?? 0) : null,
        has_more: page.hasMore,
        next_cursor: page.next && encodeCursor(page.next),
      };
    });
}

function pageRequest({ status, limit = PAGE_LIMIT, offset, cursor }: z.output<typeof pageInput>): PageRequest {
  if (cursor !== undefined && offset !== undefined) {
    throw new AppError('VALIDATION_FAILED', 'Send offset or cursor, not both.', {
      details: { fields: [{ path: 'cursor', message: 'not together with offset' }] },
    });
  }
  const from = cursor === undefined ? { offset: offset ?? 0 } : { after: decodeCursor(cursor) };
  return { status: status ?? null, limit, from };
}

function getProcedure({ getProduct }: Pick<ReadUseCases, 'getProduct'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/api/products/{id}',
        tags: ['Products'],
        summary: 'Read one product with its images',
        description:
          'Every `*_url` is signed and expires; read again within half its life it is mostly the same, so that it is found in caches.',
      },
      examples: { response: exampleProduct },
      errors: ['PRODUCT_NOT_FOUND', 'STORAGE_UNAVAILABLE'],
    })
    .input(z.strictObject({ id: idSchema }))
    .output(productSchema)
    .query(async ({ ctx, input }) => toWireProduct(await getProduct(ctx.seller, productIdOf(input.id))));
}

function historyProcedure({ productHistory }: Pick<ReadUseCases, 'productHistory'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/api/products/{id}/history',
        tags: ['Products'],
        summary: 'Every change of status of a product',
        description: 'Oldest first; the first one is CREATE.',
      },
      examples: { response: exampleHistory },
      errors: ['PRODUCT_NOT_FOUND'],
    })
    .input(z.strictObject({ id: idSchema }))
    .output(historySchema)
    .query(async ({ ctx, input }) => toWireHistory(await productHistory(ctx.seller, productIdOf(input.id))));
}
