import type { Seller } from '../../../kernel/principal';
import type { AddImagesRequest } from '../application/add-images';
import type { createProduct } from '../application/create-product';
import type { deleteProduct } from '../application/delete-product';
import type { editPrompt } from '../application/edit-prompt';
import type { getProduct } from '../application/get-product';
import type { leadOn } from '../application/lead-on';
import type { listProducts } from '../application/list-products';
import type { productHistory } from '../application/product-history';
import type { removeImage } from '../application/remove-image';
import type { reorderImages } from '../application/reorder-images';
import type { revokeUrls } from '../application/revoke-urls';
import type { setPrimaryImage } from '../application/set-primary-image';
import type { signImageUrls } from '../application/sign-image-urls';
import type { SignedProduct } from '../application/signed-product';

/** What sellers do with products, each with its dependencies given. */
export interface ProductUseCases {
  readonly createProduct: ReturnType<typeof createProduct>;
  readonly addImages: (seller: Seller, request: AddImagesRequest) => Promise<SignedProduct>;
  readonly listProducts: ReturnType<typeof listProducts>;
  readonly getProduct: ReturnType<typeof getProduct>;
  readonly productHistory: ReturnType<typeof productHistory>;
  readonly editPrompt: ReturnType<typeof editPrompt>;
  readonly deleteProduct: ReturnType<typeof deleteProduct>;
  readonly setPrimaryImage: ReturnType<typeof setPrimaryImage>;
  readonly reorderImages: ReturnType<typeof reorderImages>;
  readonly removeImage: ReturnType<typeof removeImage>;
  readonly revokeUrls: ReturnType<typeof revokeUrls>;
  readonly leadOn: ReturnType<typeof leadOn>;
  readonly signImageUrls: ReturnType<typeof signImageUrls>;
}
