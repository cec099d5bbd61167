import { type Sha256, sha256OfBytes } from '../../../kernel/sha256';

/** What makes two uploads the same: prompt, photos in their order, and which of them comes first. */
export function uploadFingerprint(upload: {
  readonly prompt: string;
  readonly primaryIndex: number;
  readonly images: readonly Sha256[];
}): Sha256 {
  return sha256OfBytes(JSON.stringify([upload.prompt, upload.primaryIndex, upload.images]));
}
