import { AppError } from './app-error';
import type { ObjectKey } from './object-key';

/**
 * A store that works did not delete these objects; everything else that it was asked to delete with them is gone. To whoever does not
 * look closer it is an outage. The keys are no property of the error: what is logged does not name them.
 */
export class ObjectsNotDeleted extends AppError {
  readonly #keys: ReadonlySet<ObjectKey>;

  constructor(keys: Iterable<ObjectKey>, cause: unknown) {
    super('STORAGE_UNAVAILABLE', undefined, { cause });
    this.#keys = new Set(keys);
  }

  get keys(): ReadonlySet<ObjectKey> {
    return this.#keys;
  }
}

/**
 * Waits for a deletion of many objects.
 * @returns the keys that are still there, and why; null where everything is gone
 * @throws what ended it whole: it may have deleted some, and may be repeated
 */
export async function notDeletedOf(deletion: Promise<void>): Promise<ObjectsNotDeleted | null> {
  try {
    await deletion;
    return null;
  } catch (error) {
    if (error instanceof ObjectsNotDeleted) return error;
    throw error;
  }
}
