import type { ObjectKey } from '../../../kernel/object-key';
import type { ExpectedBytes, ObjectStore } from '../domain/object-store';

/**
 * Copies an object within the store, checksum kept; safe to repeat.
 * @param expected as in `ObjectStore.copy`
 * @returns false where there is none under `from`: it was never there, or has been deleted meanwhile
 */
export const copyIfThere =
  (store: Pick<ObjectStore, 'copy' | 'head'>) =>
  async (from: ObjectKey, to: ObjectKey, expected?: ExpectedBytes): Promise<boolean> => {
    try {
      await store.copy(from, to, expected);
      return true;
    } catch (error) {
      // asked, not told by the error: a file that goes between look and link fails as any other
      if ((await store.head(from)) === null) return false;
      throw error;
    }
  };
