import { sql } from 'drizzle-orm';
import type { ImageId } from '../../../kernel/ids';
import type { ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { Orm } from '../../../platform/database/database';
import { namedObjectCount } from '../../../platform/database/named-object-count';
import { imageVariants, productImages, users } from '../../../platform/database/schema';
import { unlessCancelled } from '../../../platform/database/unless-cancelled';
import type { NamedRow, NamingRows } from '../domain/audit';
import { mergeSorted } from '../domain/compare-sorted';
import { KINDS, rowsByUrls, rowsOfPage, type UrlRow } from './naming-queries';

export interface NamingRowsOptions {
  /** The configured bucket and its former names: rows name their objects as `s3://bucket/key`. */
  readonly buckets: readonly string[];
  readonly namesOf: NamingRows['namesOf'];
}

const PAGE = 1000;

export function postgresNamingRows(orm: Orm, { buckets, namesOf }: NamingRowsOptions): NamingRows {
  return {
    namesOf,

    count: () => unlessCancelled(() => namedObjectCount(orm)),

    // A key's order is that of its bucket's rows, so there is a stream of each kind and bucket, and they are merged.
    pages: (after) =>
      mergeSorted(buckets.flatMap((bucket) => KINDS.map((kind) => streamOf(orm, kind, `s3://${bucket}/`, after)))),

    async byKeys(keys) {
      if (keys.length === 0) return [];
      const prefixes = buckets.map((bucket) => `s3://${bucket}/`);
      const urls = prefixes.flatMap((prefix) => keys.map((key) => prefix + key));
      const { rows } = await orm.execute<UrlRow>(rowsByUrls(urls));
      return rows.map((row) => namedRow(row, prefixes.find((prefix) => row.url.startsWith(prefix)) ?? ''));
    },

    async hasAccounts() {
      const { rows } = await orm.execute(sql`select 1 from ${users} limit 1`);
      return rows.length > 0;
    },

    async hasUnknownBucket() {
      const { rows } = await orm.execute<{ found: boolean }>(unknownBucketQuery(buckets));
      return rows[0]?.found === true;
    },

    async markDamaged(key) {
      const urls = JSON.stringify(buckets.map((bucket) => `s3://${bucket}/${key}`));
      const { rowCount } = await orm.execute(sql`
        update ${productImages} set damaged_at = now() where damaged_at is null
          and original_s3_url collate "C" = any (array(select jsonb_array_elements_text(${urls}::jsonb)))`);
      return rowCount ?? 0;
    },
  };
}

async function* streamOf(
  orm: Orm,
  kind: (typeof KINDS)[number],
  prefix: string,
  afterKey: ObjectKey | null,
): AsyncGenerator<NamedRow[]> {
  let after = afterKey === null ? null : prefix + afterKey;
  for (;;) {
    const { rows } = await orm.execute<UrlRow>(rowsOfPage(kind, `${prefix}products/`, after, PAGE));
    if (rows.length > 0) yield rows.map((row) => namedRow(row, prefix));
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.url ?? null;
  }
}

function namedRow({ kind, url, image_id, size, sha256 }: UrlRow, prefix: string): NamedRow {
  return {
    key: url.slice(prefix.length) as ObjectKey,
    kind,
    imageId: image_id as ImageId,
    sizeBytes: size,
    sha256: sha256 as Sha256 | null,
  };
}

/** Looks into the gaps between the buckets' ranges of each index: nothing is read where there is nothing wrong. */
function unknownBucketQuery(buckets: readonly string[]) {
  const ranges = [...new Set(buckets)]
    .sort()
    .map((bucket) => ({ lo: `s3://${bucket}/`, hi: `s3://${bucket}/\u{10FFFF}` }));
  const gaps = [...ranges, null].map((range, at) => ({
    above: ranges[at - 1]?.hi ?? '',
    below: range?.lo ?? '\u{10FFFF}',
  }));
  const columns = [
    [productImages, sql`original_s3_url`],
    [productImages, sql`processed_s3_url`],
    [imageVariants, sql`s3_url`],
  ] as const;
  const looks = gaps.flatMap(({ above, below }) =>
    columns.map(
      ([table, url]) =>
        sql`exists (select 1 from ${table} where ${url} collate "C" > ${above} collate "C" and ${url} collate "C" < ${below} collate "C")`,
    ),
  );
  return sql`select ${sql.join(looks, sql` or `)} as found`;
}
