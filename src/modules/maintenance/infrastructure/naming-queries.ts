import { type SQL, sql } from 'drizzle-orm';
import { imageVariants, productImages } from '../../../platform/database/schema';
import type { NamedRow } from '../domain/audit';

export const KINDS = ['original', 'processed', 'variant'] as const satisfies readonly NamedRow['kind'][];

export type UrlRow = {
  kind: NamedRow['kind'];
  url: string;
  image_id: string;
  size: number | null;
  sha256: string | null;
};

/** What each kind's rows say. */
const SELECTS: Record<NamedRow['kind'], { url: SQL; select: SQL }> = {
  original: {
    url: sql`original_s3_url collate "C"`,
    select: sql`select 'original' as kind, original_s3_url as url, id as image_id, file_size_bytes as size, sha256 from ${productImages}`,
  },
  processed: {
    url: sql`processed_s3_url collate "C"`,
    select: sql`select 'processed' as kind, processed_s3_url as url, id as image_id, processed_file_size_bytes as size,
      processed_sha256 as sha256 from ${productImages}`,
  },
  variant: {
    url: sql`s3_url collate "C"`,
    select: sql`select 'variant' as kind, s3_url as url, image_id, file_size_bytes as size, sha256 from ${imageVariants}`,
  },
};

/** One page of one kind, along its index. U+10FFFF is the last of all characters by bytes. */
export function rowsOfPage(kind: NamedRow['kind'], prefix: string, after: string | null, limit: number): SQL {
  const { url, select } = SELECTS[kind];
  const above = after === null ? sql`${url} >= ${prefix} collate "C"` : sql`${url} > ${after} collate "C"`;
  return sql`${select} where ${above} and ${url} < ${`${prefix}\u{10FFFF}`} collate "C" order by ${url} limit ${limit}`;
}

/** In one statement, and so at one moment. */
export function rowsByUrls(urls: readonly string[]): SQL {
  const wanted = sql`any (array(select jsonb_array_elements_text(${JSON.stringify(urls)}::jsonb)))`;
  const selects = KINDS.map((kind) => sql`(${SELECTS[kind].select} where ${SELECTS[kind].url} = ${wanted})`);
  return sql.join(selects, sql` union all `);
}
