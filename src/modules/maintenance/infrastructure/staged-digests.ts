import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { StagingArea } from '../../../platform/staging/staging-area';
import { type ObjectDigests, ObjectGone, type ObjectLook } from '../domain/scrub';

/** What is read of the object store. */
export interface ReadableStore {
  readonly kind: 'disk' | 's3';
  get(key: ObjectKey): Promise<ReadableStream<Uint8Array>>;
  head(key: ObjectKey): Promise<{ readonly sizeBytes: number; readonly sha256: Sha256 | null } | null>;
  list(prefix: KeyPrefix, after?: ObjectKey): AsyncIterable<{ readonly key: ObjectKey; readonly sizeBytes: number }>;
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
    look: (key) => (store.kind === 'disk' ? listed(store, key) : headOf(store, key)),
    check: () => store.check(),
  };
}

/** What a disk tells by `head` has been read from the bytes: its listing tells the size of a file without reading it. */
async function listed(store: ReadableStore, key: ObjectKey): Promise<ObjectLook | null> {
  for await (const object of store.list(key as unknown as KeyPrefix))
    if (object.key === key) return { sizeBytes: object.sizeBytes, promised: null };
  return null;
}

async function headOf(store: ReadableStore, key: ObjectKey): Promise<ObjectLook | null> {
  const head = await store.head(key);
  return head && { sizeBytes: head.sizeBytes, promised: head.sha256 };
}
