import { AppError } from '../../../kernel/app-error';
import { type ImageId, isUuid, type ProductId } from '../../../kernel/ids';

export { idSchema } from '../../../platform/http/presigned-puts';

/** @throws AppError PRODUCT_NOT_FOUND for what cannot be the id of anything */
export function productIdOf(text: string): ProductId {
  const id = text.toLowerCase(); // RFC 9562, 4: upper case is accepted on input
  if (!isUuid(id)) throw new AppError('PRODUCT_NOT_FOUND');
  return id as ProductId;
}

/** Not checked: it is only ever compared with the ids of a product's images. */
export function imageIdOf(text: string): ImageId {
  return text.toLowerCase() as ImageId;
}
