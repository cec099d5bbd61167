import type { ImageId } from '../../../kernel/ids';
import type { ObjectKey } from '../../../kernel/object-key';
import type { StagedFile } from '../../../kernel/staged-file';
import type { ImageFacts } from './images/image-facts';

/** One photo that has come whole, lies in a temporary file and has been judged by its bytes. */
export interface ReceivedImage {
  readonly id: ImageId;
  /** Order of arrival, from 0: the position among the images of the product. */
  readonly position: number;
  readonly file: StagedFile;
  readonly facts: ImageFacts;
}

/** A received image and the key that holds its bytes. */
export interface StoredImage extends ReceivedImage {
  readonly key: ObjectKey;
}
