import type { ProductId } from '../../../kernel/ids';
import type { PlacedImage } from '../domain/product';
import type { StoredUrls } from './stored-url';

/** A stored image as the row that names it. */
export function imageRow(urls: StoredUrls, productId: ProductId, image: PlacedImage) {
  return {
    id: image.id,
    productId,
    originalS3Url: urls.urlOf(image.key),
    sha256: image.file.sha256,
    fileSizeBytes: image.file.sizeBytes,
    fileFormat: image.facts.format,
    resolutionWidth: image.facts.width,
    resolutionHeight: image.facts.height,
    position: image.position,
    isPrimary: image.isPrimary,
  };
}
