import { AppError, isAppError } from '../../../../kernel/app-error';
import type { ErrorCode } from '../../../../kernel/error-codes';
import type { ImageId } from '../../../../kernel/ids';
import type { DirectImage } from '../../domain/direct-upload';
import type { DirectObjects } from '../../domain/direct-upload-ports';
import type { ReadRange } from '../../domain/images/head-and-tail';
import type { ImageFacts } from '../../domain/images/image-facts';
import type { Slots } from '../slots';

/** A stored image and what was announced of it. */
export type AnnouncedObject = Pick<DirectImage, 'id' | 'key' | 'sizeBytes' | 'sha256'> & {
  readonly contentType: string;
};

/** @typeParam Facts what the bytes say of themselves */
export interface VerifyImagesDeps<Facts extends { readonly contentType: string } = ImageFacts> {
  readonly objects: Pick<DirectObjects, 'head' | 'get'>;
  /** @throws AppError with one of the codes by which a multipart upload is refused */
  readonly inspect: (sizeBytes: number, read: ReadRange) => Promise<Facts>;
  /** Images of this process that are verified at once. */
  readonly verifySlots: Slots;
}

/** Why an image cannot be taken: the first four are ours, the others are the codes by which a multipart upload is refused. */
export type ImageProblem =
  | 'MISSING'
  | 'SIZE_MISMATCH'
  | 'CHECKSUM_MISMATCH'
  | 'TYPE_MISMATCH'
  | Extract<ErrorCode, 'UNSUPPORTED_FORMAT' | 'INVALID_IMAGE' | 'RESOLUTION_TOO_LOW' | 'RESOLUTION_TOO_HIGH'>;

const OF_THE_BYTES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNSUPPORTED_FORMAT',
  'INVALID_IMAGE',
  'RESOLUTION_TOO_LOW',
  'RESOLUTION_TOO_HIGH',
]);

const SAYS = {
  MISSING: 'Its bytes have not come.',
  SIZE_MISMATCH: 'It has another size than was announced.',
  CHECKSUM_MISMATCH: 'It has another SHA-256 than was announced.',
  TYPE_MISMATCH: 'It is of another type than was announced.',
} as const;

class ImageRefused extends Error {
  override readonly name = 'ImageRefused';
  constructor(
    readonly problem: ImageProblem,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Looks whether every announced image is there as announced, and usable: by HEAD, and by the head and the tail of its bytes.
 * @throws AppError UPLOAD_INCOMPLETE, its details naming every image that is missing or wrong; STORAGE_UNAVAILABLE
 */
export async function verifyImages<Facts extends { readonly contentType: string }>(
  deps: VerifyImagesDeps<Facts>,
  images: readonly AnnouncedObject[],
): Promise<ReadonlyMap<ImageId, Facts>> {
  const facts = new Map<ImageId, Facts>();
  const problems = new Map<ImageId, ImageRefused>();
  const verify = async (image: AnnouncedObject) => {
    try {
      facts.set(image.id, await verifyOne(deps, image));
    } catch (error) {
      if (!(error instanceof ImageRefused)) throw error;
      problems.set(image.id, error);
    }
  };
  await Promise.all(images.map((image) => deps.verifySlots.run(() => verify(image))));
  if (problems.size > 0) throw incomplete(images, problems);
  return facts;
}

/** HEAD and reads at once: each answer of the store is a round trip away. What HEAD says goes first. */
async function verifyOne<Facts extends { readonly contentType: string }>(
  deps: VerifyImagesDeps<Facts>,
  image: AnnouncedObject,
): Promise<Facts> {
  const { objects } = deps;
  const reading = judge(deps, image);
  reading.catch(() => undefined); // told below, if HEAD finds nothing wrong
  await requireAsAnnounced(objects, image);
  try {
    return await reading;
  } catch (error) {
    // Deleted while it was read: the attempt was aborted, or its time was over.
    if (!isAppError(error) && !(error instanceof ImageRefused)) await requireAsAnnounced(objects, image);
    throw error;
  }
}

async function judge<Facts extends { readonly contentType: string }>(
  { objects, inspect }: VerifyImagesDeps<Facts>,
  image: AnnouncedObject,
): Promise<Facts> {
  try {
    const facts = await inspect(image.sizeBytes, async (range) =>
      Bun.readableStreamToBytes(await objects.get(image.key, range)),
    );
    if (facts.contentType !== image.contentType) throw refused('TYPE_MISMATCH');
    return facts;
  } catch (error) {
    if (isAppError(error) && OF_THE_BYTES.has(error.code)) {
      throw new ImageRefused(error.code as ImageProblem, error.message);
    }
    throw error;
  }
}

async function requireAsAnnounced(objects: VerifyImagesDeps['objects'], image: AnnouncedObject): Promise<void> {
  const head = await objects.head(image.key);
  if (!head) throw refused('MISSING');
  if (head.sizeBytes !== image.sizeBytes) throw refused('SIZE_MISMATCH');
  if (head.sha256 !== image.sha256) throw refused('CHECKSUM_MISMATCH');
}

function refused(problem: keyof typeof SAYS): ImageRefused {
  return new ImageRefused(problem, SAYS[problem]);
}

/** In the order of the images. */
function incomplete(images: readonly AnnouncedObject[], problems: ReadonlyMap<ImageId, ImageRefused>): AppError {
  const named = images.flatMap(({ id }) => {
    const found = problems.get(id);
    return found ? [{ image_id: id, problem: found.problem, message: found.message }] : [];
  });
  return new AppError('UPLOAD_INCOMPLETE', `${named.length} of ${images.length} images are missing or wrong.`, {
    details: { images: named },
  });
}
