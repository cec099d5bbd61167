import { newId } from '../../src/kernel/ids';
import type { TestDatabase } from './postgres';
import type { SellerClient } from './seller-client';

/**
 * Many products in the work queue, made of one that was uploaded: rows of their own, whose images name its objects. For tests of the
 * queue, to which the bytes do not matter.
 * @param broken so many, the last ones, have a photo that is not in the store
 * @returns their ids
 */
export async function queuedProducts(
  db: TestDatabase,
  seller: Pick<SellerClient, 'userId'>,
  { like, count, broken = 0 }: { like: string; count: number; broken?: number },
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId() as string);
  const images = ids.map(() => newId() as string);
  const pairs = 'unnest($1::uuid[], $2::uuid[]) with ordinality as made (product_id, image_id, n)';
  const model = `select i.*, coalesce(v.s3_url, i.original_s3_url) as model_url from product_images i
    left join image_variants v on v.image_id = i.id and v.variant = 'model'
    where i.product_id = $3 and i.is_primary`;
  await db.sql('begin');
  await db.sql(
    `insert into products (id, user_id, prompt_text) select id, $2, 'a lamp in good order' from unnest($1::uuid[]) as id`,
    [ids, seller.userId],
  );
  await db.sql(
    `insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
        resolution_width, resolution_height, position, is_primary, prepared_at)
      select made.image_id, made.product_id, m.original_s3_url, m.sha256, m.file_size_bytes, m.file_format,
        m.resolution_width, m.resolution_height, 0, true, now()
      from ${pairs}, (${model}) m`,
    [ids, images, like],
  );
  await db.sql(
    `insert into image_variants (image_id, variant, s3_url, sha256, file_size_bytes, resolution_width, resolution_height)
      select made.image_id, 'model', m.model_url || case when made.n > $4 then '.gone' else '' end, m.sha256, m.file_size_bytes, m.resolution_width, m.resolution_height
      from ${pairs}, (${model}) m`,
    [ids, images, like, count - broken],
  );
  await db.sql("update products set status = 'processing' where id = any($1::uuid[])", [ids]);
  await db.sql('commit');
  return ids;
}
