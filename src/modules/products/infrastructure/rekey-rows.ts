import { type SQL, sql } from 'drizzle-orm';
import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import { imageVariants, productImages, products } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { RekeyedProducts } from '../domain/rekey';
import type { StoredUrls } from './stored-url';

/** Rows are found by their key alone: an old one may still carry a former name of the bucket. */
export function rekeyedProducts(urls: StoredUrls): RekeyedProducts {
  return {
    async rekey(tx, seller, id, moves) {
      const orm = ormOf(tx);
      const from = sql.param(moves.map((move) => move.from));
      const to = sql.param(moves.map((move) => urls.urlOf(move.to)));
      const move = sql`unnest(${from}::text[], ${to}::text[]) as move (from_key, to_url)`;
      const owned = imagesOwnedBy(seller, id);
      const changes = [
        sql`update ${productImages} i set original_s3_url = to_url from ${move}
          where i.id in (${owned}) and ${keyIn(sql`i.original_s3_url`)} = from_key`,
        sql`update ${productImages} i set processed_s3_url = to_url from ${move}
          where i.id in (${owned}) and ${keyIn(sql`i.processed_s3_url`)} = from_key`,
        sql`update ${imageVariants} v set s3_url = to_url from ${move}
          where v.image_id in (${owned}) and ${keyIn(sql`v.s3_url`)} = from_key`,
      ];
      let changed = 0;
      for (const change of changes) changed += (await orm.execute(change)).rowCount ?? 0;
      return changed;
    },
  };
}

function imagesOwnedBy(seller: Seller, id: ProductId): SQL {
  return sql`select image.id from ${productImages} image join ${products} product on product.id = image.product_id
    where product.id = ${id} and product.user_id = ${seller.userId}`;
}

function keyIn(url: SQL): SQL {
  return sql`substring(${url} from '^s3://[^/]+/(.*)$')`;
}
