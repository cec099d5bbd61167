import { inPages } from '../../../kernel/in-pages';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import { type NamedObjects, UUID_PATTERN } from '../domain/object-migration';
import type { ObjectStore } from '../domain/object-store';

export interface PruneDeps {
  readonly names: Pick<NamedObjects, 'namesOf' | 'ofQuarantine'>;
  readonly target: Pick<ObjectStore, 'list' | 'deleteMany'>;
}

const OURS = 'products/' as unknown as KeyPrefix;
/** The layout of this software's keys: what lies beside it belongs to somebody else. */
const OUR_KEY = new RegExp(`^products/${UUID_PATTERN}/${UUID_PATTERN}/`);
const BATCH = 500;

/**
 * Finds objects that no row, intent or move of quarantine names, and deletes them if asked to. Listed first and asked about
 * afterwards: an upload's objects have a name from before they are stored.
 */
export const pruneUnnamed =
  ({ names, target }: PruneDeps) =>
  async (isToDelete: boolean): Promise<{ unnamed: number; pruned: number }> => {
    const found = { unnamed: 0, pruned: 0 };
    for await (const keys of inPages(ourKeys(target), BATCH)) {
      // names last: what is taken back from its way into quarantine has got one before
      const quarantined = await names.ofQuarantine(keys);
      const named = await names.namesOf(keys);
      const unnamed = keys.filter((key) => !named.has(key) && !quarantined.has(key));
      found.unnamed += unnamed.length;
      if (!isToDelete) continue;
      await target.deleteMany(unnamed);
      found.pruned += unnamed.length;
    }
    return found;
  };

async function* ourKeys(target: Pick<ObjectStore, 'list'>): AsyncGenerator<ObjectKey> {
  for await (const { key } of target.list(OURS)) if (OUR_KEY.test(key)) yield key;
}
