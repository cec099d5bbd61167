import type { ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { StagingArea } from '../../../platform/staging/staging-area';
import { type ObjectDigests, ObjectGone } from '../domain/scrub';

/** What is read of the object store. */
export interface ReadableStore {
  readonly kind: 'disk' | 's3';
  get(key: ObjectKey): Promise<ReadableStream<Uint8Array>>;
  head(key: ObjectKey): Promise<{ readonly sha256: Sha256 | null } | null>;
  check(): Promise<void>;
}

/**
 * Every byte passes through a temporary file of this process, which the digest thread hashes as it grows: the thread that serves
 * requests is not held up, and no more than a chunk is in memory. The disk store's own digests would not do: it remembers them.
 */
export function stagedDigests(store: ReadableStore, staging: Pick<StagingArea, 'open'>): ObjectDigests {
  return {
    async read(key) {
      const folder = await staging.open();
      try {
        return await folder.stage(await store.get(key));
      } catch (error) {
        if (error instanceof Error && error.name === 'ObjectMissing') throw new ObjectGone();
        throw error;
      } finally {
        await folder.remove();
      }
    },
    promised: async (key) => (store.kind === 'disk' ? null : ((await store.head(key))?.sha256 ?? null)),
    check: () => store.check(),
  };
}
