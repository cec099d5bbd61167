import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { AttemptId } from '../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import { sha256FromHex } from '../../../kernel/sha256';
import type { Orm } from '../../../platform/database/database';
import { namedObjectCount } from '../../../platform/database/named-object-count';
import { imageVariants, intents, productImages, quarantinedObjects } from '../../../platform/database/schema';
import { unlessCancelled } from '../../../platform/database/unless-cancelled';
import { type NamedObject, type NamedObjects, UUID_PATTERN } from '../domain/object-migration';

const PAGE = 500;
/** Whoever puts objects beside ours names them as they like: what is no UUID must not reach a cast. */
const OF_A_PRODUCT = new RegExp(`^products/(${UUID_PATTERN})/`);

export interface NamingRows {
  /** The configured bucket and its former names: rows name their objects as `s3://bucket/key`. */
  readonly buckets: readonly string[];
  /** @throws AppError INTERNAL for a bucket that is none of them */
  keyOf(url: string): ObjectKey;
}

export function postgresNamedObjects(orm: Orm, { buckets, keyOf }: NamingRows): NamedObjects {
  return {
    count: () => unlessCancelled(() => namedObjectCount(orm)),

    async *ofRows() {
      for (let after: string | null = null; ; ) {
        const page: UrlRow[] = await pageOfUrls(orm, after);
        if (page.length === 0) break;
        for (const row of page) yield namedObject(row, keyOf);
        after = page.at(-1)?.id ?? null;
      }
      yield* inQuarantine(orm);
    },

    async *ofOpenIntents() {
      for (let after: AttemptId | null = null; ; ) {
        const page: { id: string; prefix: string }[] = await orm
          .select({ id: intents.id, prefix: intents.prefix })
          .from(intents)
          .where(and(eq(intents.state, 'open'), after ? gt(intents.id, after) : undefined))
          .orderBy(asc(intents.id))
          .limit(PAGE);
        if (page.length === 0) return;
        for (const { prefix } of page) yield prefix as unknown as KeyPrefix;
        after = page.at(-1)?.id as AttemptId;
      }
    },

    namesOf: namesOfKeys(orm, buckets),

    async ofQuarantine(keys) {
      if (keys.length === 0) return new Set();
      const { key, state } = quarantinedObjects;
      const rows = await orm
        .select({ key })
        .from(quarantinedObjects)
        .where(and(inArray(key, [...keys]), inArray(state, ['moving', 'releasing', 'released'])));
      return new Set(rows.map((row) => row.key as ObjectKey));
    },
  };
}

/** @see NamedObjects.namesOf */
export function namesOfKeys(orm: Orm, buckets: readonly string[]): NamedObjects['namesOf'] {
  return async (keys) => {
    const asked = keys.flatMap((key) => ({ key, product: productIn(key), prefixes: prefixesOf(key) }));
    const { rows } = await orm.execute<{ key: ObjectKey; by_row: boolean }>(namesQuery(asked, buckets));
    return new Map(rows.map(({ key, by_row }) => [key, by_row ? 'row' : 'intent']));
  };
}

/** Where its bytes are, and while they are on their way also where they are going from or to: either may be empty. */
async function* inQuarantine(orm: Orm): AsyncGenerator<NamedObject> {
  for (let after: string | null = null; ; ) {
    const page: (typeof quarantinedObjects.$inferSelect)[] = await orm
      .select()
      .from(quarantinedObjects)
      .where(after === null ? undefined : gt(quarantinedObjects.key, after))
      .orderBy(asc(quarantinedObjects.key))
      .limit(PAGE);
    if (page.length === 0) return;
    for (const row of page) {
      const sha256 = row.sha256 === null ? null : sha256FromHex(row.sha256);
      yield { key: row.quarantineKey as ObjectKey, sha256 };
      if (row.state === 'moving' || row.state === 'releasing') yield { key: row.key as ObjectKey, sha256 };
    }
    after = page.at(-1)?.key ?? null;
  }
}

type UrlRow = { id: string; url: string; sha256: string | null };

/** Of so many images, all objects; in order of the images' ids. */
async function pageOfUrls(orm: Orm, after: string | null): Promise<UrlRow[]> {
  const { rows } = await orm.execute<UrlRow>(sql`
    with page as (
      select id, original_s3_url, processed_s3_url, sha256, processed_sha256 from ${productImages}
      where ${after}::uuid is null or id > ${after} order by id limit ${PAGE}
    )
    select id, original_s3_url as url, sha256 from page
    union all select id, processed_s3_url, processed_sha256 from page where processed_s3_url is not null
    union all select v.image_id, v.s3_url, v.sha256 from page join ${imageVariants} v on v.image_id = page.id
    order by id`);
  return rows;
}

function namedObject({ url, sha256 }: UrlRow, keyOf: (url: string) => ObjectKey): NamedObject {
  return { key: keyOf(url), sha256: sha256 === null ? null : sha256FromHex(sha256) };
}

/** `products/{product_id}/…`: processed images have no index by their URL, but products have one by their id. */
function productIn(key: ObjectKey): string | null {
  return OF_A_PRODUCT.exec(key)?.[1] ?? null;
}

/** The key itself and every folder that it lies in. */
function prefixesOf(key: ObjectKey): string[] {
  const folders = [...key.matchAll(/\//g)].map(({ index }) => key.slice(0, index + 1));
  return [...folders, key];
}

type Asked = readonly {
  readonly key: ObjectKey;
  readonly product: string | null;
  readonly prefixes: readonly string[];
}[];

/** One statement, and so one moment. */
function namesQuery(asked: Asked, buckets: readonly string[]) {
  return sql`
    with asked as (
      select key, product, prefixes, array(select 's3://' || bucket || '/' || key from unnest(${textArray(buckets)}) bucket) as urls
      from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a(key text, product uuid, prefixes text[])
    ), named as (
      select key,
        exists (select 1 from ${productImages} i where i.original_s3_url collate "C" = any (urls))
        or exists (select 1 from ${imageVariants} v where v.s3_url collate "C" = any (urls))
        or exists (select 1 from ${productImages} i where i.product_id = product and i.processed_s3_url = any (urls)) as by_row,
        exists (select 1 from ${intents} n where n.prefix collate "C" = any (prefixes)) as by_intent
      from asked
    )
    select key, by_row from named where by_row or by_intent`;
}

function textArray(texts: readonly string[]) {
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;
}
