import { AppError } from '../../../kernel/app-error';
import { type AttemptId, newId, type ProductId } from '../../../kernel/ids';
import { attemptPrefix, type ObjectKey } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { ProductRepository } from '../domain/ports';
import type { Product } from '../domain/product';
import { haveStill, movesUnder, type ObjectCopies, type ObjectMove, type RekeyedProducts } from '../domain/rekey';
import { ChangedMeanwhile } from './changed-meanwhile';
import { type GiveUpDeps, giveUp } from './give-up-upload';
import { WritingAttempt, type WritingDeps } from './writing-attempt';

export interface RekeyDeps extends WritingDeps, GiveUpDeps {
  readonly products: Pick<ProductRepository, 'find' | 'lock'> & RekeyedProducts;
  readonly copies: ObjectCopies;
}

/** Each one that fails has lost against a change that was made meanwhile. */
const ATTEMPTS = 5;

/**
 * Moves every object of a product to a key that no URL was issued for: copies under a new attempt's prefix, and the rows are
 * switched in one transaction, whose triggers journal the old keys. They are still there afterwards.
 * @returns the old keys
 * @throws AppError PRODUCT_NOT_FOUND; CONFLICT where the product never stands still
 */
export async function rekeyProduct(deps: RekeyDeps, seller: Seller, id: ProductId): Promise<ObjectKey[]> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const product = await deps.products.find(seller, id);
    if (!product) throw new AppError('PRODUCT_NOT_FOUND');
    try {
      return await moveObjects(deps, seller, product);
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error;
    }
  }
  throw new AppError('CONFLICT', 'The images of this product are being changed; ask again.');
}

async function moveObjects(deps: RekeyDeps, seller: Seller, product: Product): Promise<ObjectKey[]> {
  const id = newId<AttemptId>();
  const prefix = attemptPrefix(product.id, id);
  const attempt = new WritingAttempt<boolean>(deps, { id, kind: 'rekey', productId: product.id, prefix });
  const moves = movesUnder(prefix, product.images);
  const oldKeys = moves.map(({ from }) => from);
  if (moves.length === 0) return oldKeys;
  try {
    for (const { from, to } of moves) attempt.begin(() => deps.copies.copy(from, to));
    const isCopied = await attempt.written();
    const copied = moves.filter((_, index) => isCopied[index]);
    await commitMoves(deps, seller, attempt, { all: moves, copied });
    reportMissing(
      deps,
      product.id,
      moves.filter((_, index) => !isCopied[index]),
    );
    return oldKeys;
  } catch (error) {
    const committed = async () => {
      const now = await deps.products.find(seller, product.id);
      return now?.images.some(({ keys }) => keys.original.startsWith(prefix)) ? oldKeys : null;
    };
    return await giveUp(deps, { attempt, claim: null, committed }, error);
  } finally {
    attempt.rest();
  }
}

function commitMoves(
  deps: RekeyDeps,
  seller: Seller,
  { id, productId }: { id: AttemptId; productId: ProductId },
  { all, copied }: { all: readonly ObjectMove[]; copied: readonly ObjectMove[] },
): Promise<void> {
  return deps.inTransaction(async (tx) => {
    await deps.journal.settle(tx, id);
    const product = await deps.products.lock(tx, seller, productId);
    if (!product) throw new AppError('PRODUCT_NOT_FOUND');
    if (!haveStill(product.images, all)) throw new ChangedMeanwhile();
    const moved = await deps.products.rekey(tx, seller, productId, copied);
    if (moved !== copied.length) throw new ChangedMeanwhile();
  });
}

/** A lost object keeps its key: what names it is how it is found again. Its URLs answer 404 as it is. */
function reportMissing(deps: RekeyDeps, productId: ProductId, missing: readonly ObjectMove[]): void {
  if (missing.length === 0) return;
  const images = [...new Set(missing.map(({ imageId }) => imageId))];
  deps.log.error({ product_id: productId, image_ids: images }, 'objects that rows name are not in the store');
}
