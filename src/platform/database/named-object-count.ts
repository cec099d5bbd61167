import { sql } from 'drizzle-orm';
import type { Orm } from './database';
import { imageVariants, productImages } from './schema';

/** How many objects rows name: originals, processed images and variants. It reads all of these rows. */
export async function namedObjectCount(orm: Orm): Promise<number> {
  const { rows } = await orm.execute<{ n: number }>(sql`
    select ((select count(*) + count(processed_s3_url) from ${productImages})
      + (select count(*) from ${imageVariants}))::float8 as n`);
  return rows[0]?.n ?? 0;
}
