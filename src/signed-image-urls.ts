import type { Clock } from './kernel/clock';
import type { ObjectKey } from './kernel/object-key';

interface GetSigner {
  signGet(request: {
    key: ObjectKey;
    issuedAt: Date;
    expiresAt: Date;
    response: { contentType: string; contentDisposition: string; cacheControl: string };
  }): string;
}

/** The products' signed image URLs on the object store's signer: private, immutable, shown in the browser under their own name. */
export function signedImageUrls(store: GetSigner, clock: Clock) {
  return {
    sign(key: ObjectKey, wanted: { expiresInSeconds: number; contentType: string; fileName: string }) {
      const issuedAt = new Date(Math.floor(clock().getTime() / 1000) * 1000);
      const expiresAt = new Date(issuedAt.getTime() + wanted.expiresInSeconds * 1000);
      const response = {
        contentType: wanted.contentType,
        contentDisposition: `inline; filename="${wanted.fileName}"`,
        cacheControl: `private, max-age=${wanted.expiresInSeconds}, immutable`,
      };
      return { url: store.signGet({ key, issuedAt, expiresAt, response }), expiresAt };
    },
  };
}
