import { and, eq, type SQL, sql } from 'drizzle-orm';
import type { ImageId, ProductId } from '../../../kernel/ids';
import { sha256FromHex } from '../../../kernel/sha256';
import type { InTransaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { imageVariants, productImages } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { ScrubbedImage, ScrubRows, StoredObject } from '../domain/scrub';

type Row = {
  id: string;
  product_id: string;
  damaged: boolean;
  original: string;
  sha256: string;
  processed: string | null;
  processed_sha256: string | null;
  variants: { kind: string; url: string; sha256: string }[];
};

export function postgresScrubRows(orm: Orm, inTransaction: InTransaction): ScrubRows {
  return {
    count: () => numberOf(orm, sql`select count(*)::int as n from ${productImages}`),
    damaged: () => numberOf(orm, sql`select count(*)::int as n from ${productImages} where damaged_at is not null`),
    page: (after, limit) => imagesWhere(orm, after ? sql`i.id > ${after}` : sql`true`, limit),
    byId: async (id) => (await imagesWhere(orm, sql`i.id = ${id}`, 1))[0] ?? null,

    async markDamaged(id, object) {
      const column = object.kind === 'processed' ? productImages.processedS3Url : productImages.originalS3Url;
      const { rowCount } = await orm
        .update(productImages)
        .set({ damagedAt: sql`coalesce(${productImages.damagedAt}, now())` })
        .where(and(eq(productImages.id, id), eq(column, object.url)));
      return rowCount === 1;
    },

    async markWhole({ id, objects }) {
      const urlOf = (kind: StoredObject['kind']) => objects.find((object) => object.kind === kind)?.url ?? null;
      const { rowCount } = await orm
        .update(productImages)
        .set({ damagedAt: null })
        .where(
          and(
            eq(productImages.id, id),
            eq(productImages.originalS3Url, urlOf('original') ?? ''),
            sql`${productImages.processedS3Url} is not distinct from ${urlOf('processed')}`,
          ),
        );
      return rowCount === 1;
    },

    dropVariant: (id, { kind, url }) =>
      inTransaction(async (tx) => {
        const query = ormOf(tx);
        const isImage = eq(productImages.id, id);
        await query.select({ id: productImages.id }).from(productImages).where(isImage).for('no key update');
        const { rowCount } = await query
          .delete(imageVariants)
          .where(and(eq(imageVariants.imageId, id), eq(imageVariants.variant, kind), eq(imageVariants.s3Url, url)));
        if (rowCount === 1) await query.update(productImages).set({ preparedAt: null }).where(isImage);
        return rowCount === 1;
      }),
  };
}

async function numberOf(orm: Orm, query: SQL): Promise<number> {
  const { rows } = await orm.execute<{ n: number }>(query);
  return rows[0]?.n ?? 0;
}

/** Images whole, by their primary key: a page costs the same wherever it is. */
async function imagesWhere(orm: Orm, condition: SQL, limit: number): Promise<ScrubbedImage[]> {
  const { rows } = await orm.execute<Row>(sql`
    select i.id, i.product_id, i.damaged_at is not null as damaged, i.original_s3_url as original, i.sha256,
      i.processed_s3_url as processed, i.processed_sha256,
      coalesce((select json_agg(json_build_object('kind', v.variant, 'url', v.s3_url, 'sha256', v.sha256))
        from ${imageVariants} v where v.image_id = i.id), '[]') as variants
    from ${productImages} i where ${condition} order by i.id limit ${limit}`);
  return rows.map(scrubbedImage);
}

function scrubbedImage(row: Row): ScrubbedImage {
  const { processed, processed_sha256: digest } = row;
  const objects: StoredObject[] = [
    { kind: 'original', url: row.original, sha256: sha256FromHex(row.sha256) },
    ...(processed === null
      ? []
      : [{ kind: 'processed' as const, url: processed, sha256: digest === null ? null : sha256FromHex(digest) }]),
    // The table's CHECK holds the kinds to these two.
    ...row.variants.map(({ kind, url, sha256 }) => ({
      kind: kind as 'thumb' | 'model',
      url,
      sha256: sha256FromHex(sha256),
    })),
  ];
  return { id: row.id as ImageId, productId: row.product_id as ProductId, damaged: row.damaged, objects };
}
