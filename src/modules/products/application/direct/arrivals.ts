import type { ProductId } from '../../../../kernel/ids';
import type { Log } from '../../../../kernel/log';
import { type ObjectKey, productOf } from '../../../../kernel/object-key';
import type { DirectObjects, FindArriving } from '../../domain/direct-upload-ports';
import { stateOfDirectUpload, type UploadProgress } from '../../domain/upload-progress';

export interface ArrivalsDeps {
  readonly find: FindArriving;
  readonly objects: Pick<DirectObjects, 'head'>;
  readonly progress: UploadProgress;
  readonly log: Log;
  readonly afterMs?: number;
}

/** So long what arrives of one upload is gathered: one look for all of it. */
const AFTER_MS = 250;

/**
 * Tells how far a direct upload is when a photo of it has come by this server, as on the disk store. Whoever puts one neither waits for
 * that nor hears of a failure.
 */
export class Arrivals {
  readonly #due = new Map<ProductId, ReturnType<typeof setTimeout>>();
  readonly #looking = new Set<Promise<void>>();
  #stopped = false;

  constructor(private readonly deps: ArrivalsDeps) {}

  /** @param key of an object that has just been put; of what is no upload's, nothing is told */
  arrived(key: ObjectKey): void {
    const id = productOf(key);
    if (id === null || this.#stopped || this.#due.has(id)) return;
    this.#due.set(
      id,
      setTimeout(() => this.#begin(id), this.deps.afterMs ?? AFTER_MS),
    );
  }

  /** The database is about to go. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#due.values()) clearTimeout(timer);
    await Promise.all(this.#looking);
  }

  #begin(id: ProductId): void {
    this.#due.delete(id);
    const look = this.#look(id)
      .catch((error: unknown) =>
        this.deps.log.warn({ err: error, product_id: id }, 'progress of a direct upload could not be told'),
      )
      .finally(() => this.#looking.delete(look));
    this.#looking.add(look);
  }

  async #look(productId: ProductId): Promise<void> {
    const { find, objects, progress } = this.deps;
    const upload = await find(productId);
    if (!upload) return;
    const { userId, images } = upload;
    const heads = await Promise.all(images.map(({ key }) => objects.head(key)));
    progress.tell(stateOfDirectUpload({ userId, productId }, images, (index) => heads[index] !== null));
  }
}
