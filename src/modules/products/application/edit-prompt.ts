import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import { requireEditable } from '../domain/edit-rules';
import { parsePrompt } from '../domain/prompt';
import { type EditDeps, editLocked } from './edit-locked';

/** @throws AppError INVALID_PROMPT, PRODUCT_NOT_FOUND; CONFLICT where the status keeps the prompt */
export const editPrompt = (deps: EditDeps) => async (seller: Seller, id: ProductId, promptText: string) => {
  const prompt = parsePrompt(promptText);
  return editLocked(deps, seller, id, async (tx, product) => {
    requireEditable('the prompt', product.status);
    await deps.products.setPrompt(tx, seller, id, prompt);
  });
};
