import type { ObjectKey } from '../../../kernel/object-key';
import type { ObjectStore } from '../domain/object-store';

/**
 * Copies an object within the store, checksum kept; safe to repeat.
 * @returns false where there is none under `from`: it was never there, or has been deleted meanwhile
 */
export const copyIfThere =
  (store: Pick<ObjectStore, 'copy' | 'head'>) =>
  async (from: ObjectKey, to: ObjectKey): Promise<boolean> => {
    try {
      await store.copy(from, to);
      return true;
    } catch (error) {
      // asked, not told by the error: a file that goes between look and link fails as any other
      if ((await store.head(from)) === null) return false;
      throw error;
    }
  };
