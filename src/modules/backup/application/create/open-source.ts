import { isAppError } from '../../../../kernel/app-error';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { Bytes } from '../../domain/codec';
import type { BackupPins, SourceStore } from '../../domain/create-ports';
import type { BackupId } from '../../domain/layout';

export interface SourceDeps {
  readonly source: SourceStore;
  readonly pins: Pick<BackupPins, 'heldKey'>;
}

/** The application's store as a whole works, and does not give out this one object. */
export class ObjectUnreadable extends Error {
  override readonly name = 'ObjectUnreadable';
}

const PAUSES_MS = [500, 2_000];

/**
 * An object of the snapshot: under its key, or where it was put aside when it was deleted since; in this order, because it is copied
 * there before it goes. @returns null where it is in neither place
 */
export async function openSource({ source, pins }: SourceDeps, id: BackupId, key: ObjectKey): Promise<Bytes | null> {
  return (await getIfThere(source, key)) ?? (await getIfThere(source, pins.heldKey(id, key)));
}

async function getIfThere(source: SourceStore, key: ObjectKey): Promise<Bytes | null> {
  try {
    return readFrom(await source.get(key));
  } catch (error) {
    if (error instanceof Error && error.name === 'ObjectMissing') return null;
    throw isAppError(error, 'STORAGE_UNAVAILABLE') ? new SourceFailed(error) : error;
  }
}

async function* readFrom(bytes: Bytes): Bytes {
  try {
    yield* bytes;
  } catch (error) {
    throw isAppError(error, 'STORAGE_UNAVAILABLE') ? new SourceFailed(error) : error;
  }
}

/** Of the application's store, not of the target: both speak of STORAGE_UNAVAILABLE. */
class SourceFailed extends Error {
  override readonly name = 'SourceFailed';
  constructor(override readonly cause: Error) {
    super(cause.message);
  }
}

/**
 * Work that reads the application's store, tried again a little later where that fails.
 * @throws ObjectUnreadable where the store works; AppError STORAGE_UNAVAILABLE where it does not
 */
export async function patiently<Result>(
  source: SourceStore,
  work: () => Promise<Result>,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<Result> {
  for (const pauseMs of [...pausesMs, null]) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SourceFailed)) throw error;
      if (pauseMs !== null) await Bun.sleep(pauseMs);
    }
  }
  await source.check();
  throw new ObjectUnreadable('the object store works, but does not give out this object');
}
