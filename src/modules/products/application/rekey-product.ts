import { AppError } from '../../../kernel/app-error';
import { type AttemptId, newId, type ProductId } from '../../../kernel/ids';
import { attemptPrefix, type ObjectKey } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import { unlessUnreadable } from '../../../kernel/unless-unreadable';
import type { ProductRepository } from '../domain/ports';
import type { Product } from '../domain/product';
import { haveStill, movesUnder, type ObjectCopies, type ObjectMove, type RekeyedProducts } from '../domain/rekey';
import { ChangedMeanwhile } from './changed-meanwhile';
import { type GiveUpDeps, giveUp } from './give-up-upload';
import { WritingAttempt, type WritingDeps } from './writing-attempt';

export interface RekeyDeps extends WritingDeps, GiveUpDeps {
  readonly products: Pick<ProductRepository, 'find' | 'lock'> & RekeyedProducts;
  readonly copies: ObjectCopies;
  /** @throws AppError STORAGE_UNAVAILABLE where the store as a whole is away */
  readonly storeAnswers: () => Promise<void>;
}

type Outcome = 'copied' | 'missing' | 'unreadable';

/** Each one that fails has lost against a change that was made meanwhile. */
const ATTEMPTS = 5;

/**
 * Moves every object of a product to a key that no URL was issued for: copies under a new attempt's prefix, and the rows are
 * switched in one transaction, whose triggers journal the old keys. They are still there afterwards. An object that the store has not, or
 * alone can't copy, keeps its key, and none of the others theirs.
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
  const attempt = new WritingAttempt<Outcome>(deps, { id, kind: 'rekey', productId: product.id, prefix });
  const moves = movesUnder(prefix, product.images);
  const oldKeys = moves.map(({ from }) => from);
  if (moves.length === 0) return oldKeys;
  try {
    for (const move of moves) attempt.begin(() => copyOne(deps, move));
    const outcomes = await attempt.written();
    const that = (outcome: Outcome) => moves.filter((_, index) => outcomes[index] === outcome);
    await commitMoves(deps, seller, attempt, { all: moves, copied: that('copied') });
    report(deps, product.id, that('missing'), 'objects that rows name are not in the store');
    report(deps, product.id, that('unreadable'), 'objects could not be copied: what was signed for them still works');
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

async function copyOne({ copies, storeAnswers }: RekeyDeps, { from, to }: ObjectMove): Promise<Outcome> {
  const isCopied = await unlessUnreadable({ check: storeAnswers }, () => copies.copy(from, to));
  if (isCopied === undefined) return 'unreadable';
  return isCopied ? 'copied' : 'missing';
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
function report(deps: RekeyDeps, productId: ProductId, moves: readonly ObjectMove[], what: string): void {
  if (moves.length === 0) return;
  const images = [...new Set(moves.map(({ imageId }) => imageId))];
  deps.log.error({ product_id: productId, image_ids: images }, what);
}
