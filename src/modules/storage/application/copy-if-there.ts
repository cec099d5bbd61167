import type { ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { ObjectStore } from '../domain/object-store';

/**
 * Copies an object within the store, checksum kept; safe to repeat.
 * @param sha256 as in `ObjectStore.copy`
 * @returns false where there is none under `from`: it was never there, or has been deleted meanwhile
 */
export const copyIfThere =
  (store: Pick<ObjectStore, 'copy' | 'head'>) =>
  async (from: ObjectKey, to: ObjectKey, sha256?: Sha256): Promise<boolean> => {
    try {
      await store.copy(from, to, sha256);
      return true;
    } catch (error) {
      // asked, not told by the error: a file that goes between look and link fails as any other
      if ((await store.head(from)) === null) return false;
      throw error;
    }
  };
