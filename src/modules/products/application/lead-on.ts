import { AppError } from '../../../kernel/app-error';
import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { InTransaction } from '../../../kernel/transaction';
import type { LifecycleEvent, Status } from '../domain/lifecycle';
import type { ProductWrites } from '../domain/ports';
import type { EstimatePhase } from '../domain/upload-ports';
import type { changeStatusWithin } from './change-status';

export interface LeadOnDeps {
  readonly inTransaction: InTransaction;
  readonly products: Pick<ProductWrites, 'lock'>;
  readonly changeStatusWithin: ReturnType<typeof changeStatusWithin>;
  readonly estimate: EstimatePhase;
  /** Where clients reach this server, such as https://api.example.com; known when it listens. */
  readonly publicUrl: () => string;
}

export interface LedOn {
  readonly status: Status;
  /** Seconds until the phase that begins now is over. */
  readonly estimatedSeconds: number;
  /** Where the product's events can be followed. */
  readonly websocketUrl: string;
}

/**
 * Has a product worked on, as its owner wants: RETRY goes back to the phase that failed.
 * @throws AppError PRODUCT_NOT_FOUND; INVALID_TRANSITION where its status does not allow it
 */
export const leadOn =
  (deps: LeadOnDeps) =>
  async (
    seller: Seller,
    productId: ProductId,
    event: Extract<LifecycleEvent, 'RETRY' | 'REGENERATE' | 'PUBLISH'>,
  ): Promise<LedOn> => {
    // before it is in the queue itself; both, because where RETRY leads is known only when it has
    const [processing, publishing] = await Promise.all([deps.estimate('processing'), deps.estimate('publishing')]);
    const status = await deps.inTransaction(async (tx) => {
      if (!(await deps.products.lock(tx, seller, productId))) throw new AppError('PRODUCT_NOT_FOUND');
      return deps.changeStatusWithin(tx, { productId, event, actor: 'seller', reason: null });
    });
    return {
      status,
      estimatedSeconds: status === 'publishing' ? publishing : processing,
      websocketUrl: `${new URL(deps.publicUrl()).origin.replace(/^http/, 'ws')}/ws/products/${productId}/status`,
    };
  };
