import type { Database } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import type { ProductRepository } from '../domain/ports';
import { NO_QUOTA, type Quota } from '../domain/quota';
import { findPage } from './product-page';
import { findHistory, findImages, findProduct } from './product-reads';
import { productWrites } from './product-writes';
import type { StoredUrls } from './stored-url';

/** @param quota what one seller may have; asked where images are added */
export function productRepository(
  database: Pick<Database, 'orm'>,
  urls: StoredUrls,
  quota: Quota = NO_QUOTA,
): ProductRepository {
  const { orm } = database;
  return {
    find: (seller, id) => read(() => findProduct(orm, urls, seller, id)),
    page: (seller, request) => read(() => findPage(orm, urls, seller, request)),
    images: (seller, ids) => read(() => findImages(orm, urls, seller, ids)),
    history: (seller, id) => read(() => findHistory(orm, seller, id)),
    ...productWrites(urls, quota),
  };
}
