import { AppError, isAppError } from '../../../kernel/app-error';
import { type ImageId, newId } from '../../../kernel/ids';
import type { ImageInspector } from '../domain/images/image-facts';
import type { ReceivedImage } from '../domain/received-image';
import type { FilePart, UploadBody } from '../domain/upload-body';
import type { UploadFolder } from '../domain/upload-ports';
import type { UploadMeter } from './upload-meter';

export interface ReceivingLimits {
  readonly maxImages: number;
  readonly maxImageBytes: number;
}

export interface Receiving {
  readonly body: UploadBody;
  readonly folder: UploadFolder;
  readonly limits: ReceivingLimits;
  readonly inspect: () => ImageInspector;
  /** Names of the text fields that are allowed, each with what judges its value as soon as it comes. */
  readonly fields: Readonly<Record<string, (value: string) => void>>;
  readonly meter?: UploadMeter;
  /** Called for each image as soon as it is whole and good, while the next is being received. */
  readonly onImage: (image: ReceivedImage) => void;
}

const FILE_FIELDS = new Set(['images', 'images[]']);

/**
 * Reads the body to its end: text fields judged, every file staged, hashed and inspected while its bytes pass.
 * @throws AppError with the offending file in its details
 */
export async function receiveImages(receiving: Receiving): Promise<ReceivedImage[]> {
  const images: ReceivedImage[] = [];
  const seen = new Set<string>();
  await receiving.body.read({
    field(name, value) {
      const judge = Object.hasOwn(receiving.fields, name) ? receiving.fields[name] : undefined;
      if (!judge) throw unknownField(name);
      if (seen.has(name))
        throw new AppError('VALIDATION_FAILED', `${name} was sent twice.`, { details: { field: name } });
      seen.add(name);
      judge(value);
    },
    async file(part) {
      if (!FILE_FIELDS.has(part.field)) throw unknownField(part.field);
      if (part.index >= receiving.limits.maxImages) {
        throw new AppError('TOO_MANY_IMAGES', `At most ${receiving.limits.maxImages} images.`);
      }
      const image = await receiveOne(receiving, part).catch((error) => {
        throw namingFile(error, part);
      });
      images.push(image);
      receiving.onImage(image);
    },
  });
  if (images.length === 0)
    throw new AppError('VALIDATION_FAILED', 'Send at least one image.', { details: { field: 'images' } });
  return images;
}

async function receiveOne({ folder, limits, inspect, meter }: Receiving, part: FilePart): Promise<ReceivedImage> {
  const inspector = inspect();
  meter?.imageBegan();
  const file = await folder.stage(part.bytes, (chunk, sizeBytes) => {
    if (sizeBytes > limits.maxImageBytes) {
      throw new AppError('IMAGE_TOO_LARGE', `A file may have ${limits.maxImageBytes} bytes at most.`);
    }
    inspector.push(chunk);
    meter?.received(chunk.byteLength);
  });
  const facts = inspector.finish();
  meter?.imageIsWhole();
  return { id: newId<ImageId>(), position: part.index, file, facts };
}

function unknownField(name: string): AppError {
  const shown = name.slice(0, 100);
  return new AppError('VALIDATION_FAILED', 'The form has an unknown field.', { details: { field: shown } });
}

const OF_ONE_FILE = new Set([
  'IMAGE_TOO_LARGE',
  'INVALID_IMAGE',
  'UNSUPPORTED_FORMAT',
  'RESOLUTION_TOO_LOW',
  'RESOLUTION_TOO_HIGH',
]);

/** The seller is told which of the photos it was. */
function namingFile(error: unknown, part: FilePart): unknown {
  if (!isAppError(error) || !OF_ONE_FILE.has(error.code)) return error;
  return new AppError(error.code, error.message, {
    details: { file: { index: part.index, name: part.fileName.slice(0, 200) } },
    cause: error,
  });
}
