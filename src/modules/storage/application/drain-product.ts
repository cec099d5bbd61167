import type { AttemptId, ProductId } from '../../../kernel/ids';
import { type KeyPrefix, type ObjectKey, productPrefix } from '../../../kernel/object-key';
import type { DoomedIntent } from '../domain/intent-journal';
import type { ObjectStore } from '../domain/object-store';
import { type DrainDeps, drainIntents } from './drain-intents';

export interface DrainProductDeps extends Omit<DrainDeps, 'onHold'> {
  readonly store: Pick<ObjectStore, 'head' | 'list' | 'copy' | 'deleteMany' | 'check'>;
}

const PAGE = 500;
/** A seller waits for it: a hold of upkeep is another matter. */
const AS_ASKED = () => Promise.resolve(false);
const HEADS_AT_ONCE = 16;
/** A PUT that was under way may end between a deletion and the look; it is not so again and again. */
const ROUNDS = 3;

/**
 * Deletes now what the journal has of one product, whichever request left it there, and looks that it is gone.
 * @param keys are looked for, too
 * @returns false where the store still holds one of them
 * @throws AppError STORAGE_UNAVAILABLE: the journal keeps what is left
 */
export const drainProduct =
  (deps: DrainProductDeps) =>
  async (productId: ProductId, keys: readonly ObjectKey[]): Promise<boolean> => {
    const prefix = productPrefix(productId);
    const drain = drainIntents({ ...deps, onHold: AS_ASKED });
    for (let round = 1; round <= ROUNDS; round += 1) {
      await drain({ within: prefix });
      if ((await areGone(deps, keys)) && (await isDrained(deps, prefix))) return true;
    }
    return false;
  };

async function isDrained(deps: DrainProductDeps, prefix: KeyPrefix): Promise<boolean> {
  for (let after: AttemptId | null = null; ; ) {
    const page: DoomedIntent[] = await deps.intents.page(after, PAGE, { within: prefix });
    if (page.length === 0) return true;
    const folders = page.filter((intent) => intent.prefix.endsWith('/'));
    const keys = page.filter((intent) => !intent.prefix.endsWith('/')).map((intent) => intent.prefix as ObjectKey);
    for (const folder of folders) if (!(await isEmpty(deps, folder.prefix as KeyPrefix))) return false;
    if (!(await areGone(deps, keys))) return false;
    after = page.at(-1)?.id ?? null;
  }
}

async function isEmpty({ store }: DrainProductDeps, folder: KeyPrefix): Promise<boolean> {
  for await (const _object of store.list(folder)) return false;
  return true;
}

async function areGone({ store }: DrainProductDeps, keys: readonly ObjectKey[]): Promise<boolean> {
  for (let start = 0; start < keys.length; start += HEADS_AT_ONCE) {
    const heads = await Promise.all(keys.slice(start, start + HEADS_AT_ONCE).map((key) => store.head(key)));
    if (heads.some((head) => head !== null)) return false;
  }
  return true;
}
