import type { ObjectKey } from '../../../../kernel/object-key';
import type { BlobName } from '../../domain/backed-object';
import { ALL_BLOBS, blobKey } from '../../domain/layout';
import type { StoredObject, TargetStore } from '../../domain/target-store';

/** When so many were passed over, it is cheaper to begin anew where the next one would be. */
const JUMP = 2000;

/**
 * Looks names up in the target's listing. Asked in the order of names it goes through it once, a thousand of them a request; asked
 * for fewer it leaps.
 */
export class BlobFinder {
  private listing: AsyncIterator<StoredObject> | null = null;
  private at: StoredObject | null = null;
  private before = '' as ObjectKey;

  constructor(private readonly target: Pick<TargetStore, 'list'>) {}

  async find(name: BlobName): Promise<StoredObject | null> {
    const key = blobKey(name);
    if (this.listing === null || key < this.before) await this.beginAt(key);
    this.before = key;
    for (let passed = 0; this.at !== null && this.at.key < key; passed += 1) {
      if (passed === JUMP) await this.beginAt(key);
      else await this.step();
    }
    return this.at?.key === key ? this.at : null;
  }

  async close(): Promise<void> {
    await this.listing?.return?.();
    this.listing = null;
  }

  private async beginAt(key: ObjectKey): Promise<void> {
    await this.close();
    // what a key begins with comes before it, and everything that comes between begins so too
    this.listing = this.target.list(ALL_BLOBS, key.slice(0, -1) as ObjectKey)[Symbol.asyncIterator]();
    await this.step();
  }

  private async step(): Promise<void> {
    const next = await this.listing?.next();
    this.at = next && !next.done ? next.value : null;
  }
}
