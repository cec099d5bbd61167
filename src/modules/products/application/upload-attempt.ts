import { imageKey } from '../../../kernel/object-key';
import type { ReceivedImage, StoredImage } from '../domain/received-image';
import type { AttemptIntent, Originals } from '../domain/upload-ports';
import { WritingAttempt, type WritingDeps } from './writing-attempt';

export interface AttemptDeps extends WritingDeps {
  readonly originals: Originals;
}

/** An attempt to store received images: every put runs while the next image is still being received. */
export class UploadAttempt extends WritingAttempt<StoredImage> {
  private readonly originals: Originals;

  constructor(deps: AttemptDeps, intent: AttemptIntent) {
    super(deps, intent);
    this.originals = deps.originals;
  }

  /** Begins to store; `stored()` tells how it ended. */
  store(image: ReceivedImage): void {
    this.begin(async (signal) => {
      const key = imageKey(this.intent.prefix, image.id, 'original', image.facts.extension);
      await this.originals.put(key, image.file, image.facts.contentType, signal);
      return { ...image, key };
    });
  }

  /** All images with their keys, in order, once every one is in the store. */
  stored(): Promise<StoredImage[]> {
    return this.written();
  }
}
