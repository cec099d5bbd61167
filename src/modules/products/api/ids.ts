import { z } from 'zod';
import { AppError } from '../../../kernel/app-error';
import { type ImageId, isUuid, type ProductId } from '../../../kernel/ids';

/** Any text is let through: what is no id at all is answered as an unknown id, not as a fault of the request. */
export const idSchema = z.string().meta({ format: 'uuid', example: '019f4f2c-52c1-7abc-8def-0123456789ab' });

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
