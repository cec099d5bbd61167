import type { ImageId } from '../../../../kernel/ids';
import { imageKey } from '../../../../kernel/object-key';
import type { StagedFile } from '../../../../kernel/staged-file';
import type { Transaction } from '../../../../kernel/transaction';
import type { Decoded, ImageDecoder, Size } from '../../domain/prepare/image-decoder';
import {
  OriginalDamaged,
  type PrepareFolder,
  type PrepareFolders,
  type PrepareObjects,
} from '../../domain/prepare/prepare-objects';
import type { PrepareRecord } from '../../domain/prepare/prepare-record';
import type { LeadOn, StoredVariant, UnpreparedImage, UnpreparedImages } from '../../domain/prepare/unprepared';
import { type OfEachVariant, VARIANTS, type Variant } from '../../domain/prepare/variants';
import { type IntentDeps, type OpenAttempt, underIntent } from '../under-intent';
import { decodeSurely } from './decode-surely';

export interface PrepareImageDeps extends IntentDeps {
  readonly images: UnpreparedImages;
  readonly objects: PrepareObjects;
  readonly folders: PrepareFolders;
  readonly decoder: ImageDecoder;
  readonly leadOn: LeadOn;
  readonly record: PrepareRecord;
}

/** In the history of products that move on by this. */
export const ACTOR = 'system:prepare';
/** An original that is not under its key has moved, or it is lost. */
const LOOKS = 5;

/** The image was prepared or removed by another meanwhile: what was made is not needed, and rolls back. */
class Superfluous extends Error {
  override readonly name = 'Superfluous';
}

type Made = OfEachVariant<Size & { readonly file: StagedFile }>;

/**
 * Decodes one image whole and stores its variants; of the last one that its upload waits for, the commit leads the product on.
 * @returns the verdict of the decoder; null where it is prepared, or needs it no more
 * @throws whatever is no verdict: to be tried again
 */
export async function prepareImage(deps: PrepareImageDeps, image: UnpreparedImage): Promise<string | null> {
  const startedAt = performance.now();
  const folder = await deps.folders.open();
  try {
    const original = await fetchOriginal(deps, image, folder);
    if (!original) return null;
    const decoded = await decode(deps, folder, original);
    if (decoded.is === 'refused') return decoded.why;
    const { productId } = image;
    await underIntent(deps, { kind: 'prepare', productId }, (attempt) =>
      storeAndCommit(deps, image, attempt, decoded.made),
    );
    deps.record.prepared((performance.now() - startedAt) / 1000);
    return null;
  } catch (error) {
    if (error instanceof Superfluous) return null;
    throw error;
  } finally {
    await folder.remove();
  }
}

/** @returns null where the image is gone. @throws OriginalDamaged; AppError STORAGE_UNAVAILABLE */
async function fetchOriginal(
  deps: PrepareImageDeps,
  image: UnpreparedImage,
  folder: PrepareFolder,
): Promise<StagedFile | null> {
  let now: UnpreparedImage | null = image;
  for (let look = 1; ; look += 1) {
    const found = await stageOriginal(deps, now, folder);
    if (found !== 'missing' && found.sha256 === image.sha256) return found;
    // a revocation moves objects and then deletes the old ones, also while they are being read
    const before: string = now.original;
    now = await deps.images.reread(now);
    if (!now) return null;
    if (now.original === before || look === LOOKS) {
      throw new OriginalDamaged(found === 'missing' ? 'missing' : 'damaged');
    }
  }
}

async function stageOriginal(
  { objects }: PrepareImageDeps,
  { original }: UnpreparedImage,
  folder: PrepareFolder,
): Promise<StagedFile | 'missing'> {
  try {
    return await folder.stage(await objects.get(original));
  } catch (error) {
    // asked, not told by the error: a file that goes while it is read fails as any other
    if ((await objects.head(original)) === null) return 'missing';
    throw error;
  }
}

async function decode(deps: PrepareImageDeps, folder: PrepareFolder, original: StagedFile) {
  const paths = { thumb: folder.newPath(), model: folder.newPath() };
  const request = { original: original.path, variants: paths };
  const decoded: Decoded = await decodeSurely(deps.decoder, request, () => deps.record.failed('died'));
  if (decoded.is === 'refused') return decoded;
  const adopt = async (variant: Variant) => ({
    ...decoded.variants[variant],
    file: await folder.adopt(paths[variant]),
  });
  const [thumb, model] = await Promise.all([adopt('thumb'), adopt('model')]);
  return { is: 'made' as const, made: { thumb, model } };
}

async function storeAndCommit(
  deps: PrepareImageDeps,
  image: UnpreparedImage,
  attempt: OpenAttempt,
  made: Made,
): Promise<void> {
  const put = (variant: Variant) => putVariant(deps, attempt, image.id, variant, made[variant]);
  const [thumb, model] = await Promise.all([put('thumb'), put('model')]);
  await deps.inTransaction(async (tx) => {
    await deps.journal.settle(tx, attempt.id);
    const marked = await deps.images.markPrepared(tx, image, { thumb, model });
    if (marked === 'superfluous') throw new Superfluous();
    if (marked === 'last') await verifyUpload(deps, tx, image);
  });
}

async function putVariant(
  { objects }: PrepareImageDeps,
  { prefix, signal }: OpenAttempt,
  imageId: ImageId,
  variant: Variant,
  { file, width, height }: Made[Variant],
): Promise<StoredVariant> {
  const { extension, contentType } = VARIANTS[variant];
  const key = imageKey(prefix, imageId, variant, extension);
  await objects.put(key, file, contentType, signal);
  return { key, width, height, sha256: file.sha256, sizeBytes: file.sizeBytes };
}

/** The last step of a transaction that has locked the product and found that its upload waits for nothing. */
export async function verifyUpload(
  { leadOn }: Pick<PrepareImageDeps, 'leadOn'>,
  tx: Transaction,
  { productId }: Pick<UnpreparedImage, 'productId'>,
): Promise<void> {
  await leadOn(tx, { productId, event: 'UPLOADS_VERIFIED', actor: ACTOR, reason: null });
}
