/** Where names are keyed, the transaction has both pads of HMAC in its settings: COPY takes no parameters. @see RFC 2104 */
export const PADS = { inner: 'intellipost.backup_inner', outer: 'intellipost.backup_outer' } as const;

const pad = (which: keyof typeof PADS) => `current_setting('${PADS[which]}')::bytea`;

const keyedName = `encode(sha256(${pad('outer')} || sha256(${pad('inner')} || decode(sha256, 'hex'))), 'hex')`;

const key = (url: string) => `substring(${url} from '^s3://[^/]+/(.*)$')`;

/**
 * Rows of before `processed_sha256` tell no digest: then the announcement of the result does, while it is kept; later what a backup has
 * learnt.
 */
const processedOf = (images: string) => `
  select i.id as image_id, coalesce(i.processed_sha256, r.sha256, d.sha256) as sha256,
    coalesce(i.processed_file_size_bytes, r.file_size_bytes) as size, 'processed' as role, ${key('i.processed_s3_url')} as key,
    i.processed_s3_url as url
  from ${images} i
  left join work_results r on r.key = ${key('i.processed_s3_url')}
  left join backup_digests d on d.url = i.processed_s3_url
  where i.processed_s3_url is not null`;

const PROCESSED = processedOf('product_images');

/** Lines of BackedObject. */
export function objectsQuery(isKeyed: boolean): string {
  return `select ${isKeyed ? keyedName : 'sha256'} collate "C" as name, sha256, size, role, key collate "C" as key from (
    select sha256, file_size_bytes as size, 'original' as role, ${key('original_s3_url')} as key from product_images
    union all select sha256, file_size_bytes, 'variant', ${key('s3_url')} from image_variants
    union all select sha256, size, role, key from (${PROCESSED}) p where sha256 is not null
  ) o order by 1, 5`;
}

export const undigestedQuery = `select url, key, role from (${PROCESSED}) p where sha256 is null`;

/** Of so many images after one ($1, or null; $2), all objects, in the order of the images. */
export const LIVING_PAGE = `
  with page as (
    select * from product_images where $1::uuid is null or id > $1 order by id limit $2
  )
  select image_id, sha256, size::float8 as size, role, key from (
    select id as image_id, sha256, file_size_bytes as size, 'original' as role, ${key('original_s3_url')} as key from page
    union all select v.image_id, v.sha256, v.file_size_bytes, 'variant', ${key('v.s3_url')}
      from page join image_variants v on v.image_id = page.id
    union all select image_id, sha256, size, role, key from (${processedOf('page')}) p
  ) o order by image_id`;

/** @see RFC 2104: the key, filled up to a block of 64 bytes, with each byte of the pad */
export function padsOf(namingKey: Uint8Array): { readonly inner: string; readonly outer: string } {
  const padded = (byte: number) =>
    `\\x${Buffer.alloc(64, byte)
      .map((value, at) => value ^ (namingKey[at] ?? 0))
      .toHex()}`;
  return { inner: padded(0x36), outer: padded(0x5c) };
}
