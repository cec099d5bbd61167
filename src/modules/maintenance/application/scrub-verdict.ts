import type { Log } from '../../../kernel/log';
import type { TaskRun } from '../domain/maintenance-run';
import type { ScrubbedImage, ScrubRows, StoredObject } from '../domain/scrub';
import { type ReadingDeps, readingOf, type Verdict } from './scrub-reading';

interface VerdictDeps extends ReadingDeps {
  readonly rows: ScrubRows;
  readonly log: Log;
}

type Found = { readonly object: StoredObject; readonly verdict: Exclude<Verdict, 'right'> };

/** Its objects were moved to other keys (or it was deleted) between the first read and the second: tried again so often. */
const ATTEMPTS = 3;

/**
 * The second look at an image that was not right: the row is read again, because a re-key moves objects, and so are the bytes. Only
 * what is wrong twice, under a URL that the row has until the end, is called damage.
 */
export async function judgeAgain(deps: VerdictDeps, run: TaskRun, suspect: ScrubbedImage): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const image = await deps.rows.byId(suspect.id);
    if (!image) return;
    const found = await findingsOf(deps, run, image);
    if (await isSettled(deps, run, image, found)) return;
  }
  run.count('moving');
}

async function findingsOf(deps: VerdictDeps, run: TaskRun, image: ScrubbedImage): Promise<Found[]> {
  const found: Found[] = [];
  for (const object of image.objects) {
    run.signal.throwIfAborted();
    const { verdict, sizeBytes } = await readingOf(deps, object);
    run.count('bytes', sizeBytes);
    if (verdict !== 'right') found.push({ object, verdict });
  }
  return found;
}

/** @returns false where a row named other bytes when the finding was to be written down */
async function isSettled(deps: VerdictDeps, run: TaskRun, image: ScrubbedImage, found: Found[]): Promise<boolean> {
  if (found.length === 0) {
    if (image.damaged && (await deps.rows.markWhole(image))) run.count('healed');
    return true;
  }
  const originalIsRight = !found.some(({ object }) => object.kind === 'original');
  for (const { object, verdict } of found) {
    const fields = { product_id: image.productId, image_id: image.id, kind: object.kind };
    if (verdict === 'unreadable') {
      run.count('unreadable');
      deps.log.error(fields, 'a stored object can’t be read, though its store answers');
    } else if (isVariant(object) && originalIsRight) {
      if (!(await deps.rows.dropVariant(image.id, object))) return false;
      run.count('variants_dropped');
      deps.log.warn({ ...fields, verdict }, 'a damaged variant was dropped, to be made again from its original');
    } else if (isVariant(object)) {
      // It may be all that is left of the photo.
      run.count('variants_damaged');
      deps.log.error({ ...fields, verdict }, 'a variant is damaged, and so is its original');
    } else {
      if (!(await deps.rows.markDamaged(image.id, object))) return false;
      run.count('damaged');
      deps.log.error({ ...fields, verdict }, 'a stored object is damaged');
    }
  }
  return true;
}

function isVariant({ kind }: StoredObject): boolean {
  return kind === 'thumb' || kind === 'model';
}
