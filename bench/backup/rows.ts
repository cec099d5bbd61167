import { Client } from 'pg';

const BUCKET = 'intellipost-images';
const SELLER = '00000000-0000-7000-8000-000000000000';
const IMAGES_EACH = 3;

/** What the image of this number holds; so many images share a picture that the store stays small. */
export const contentOf = (image: number, pictures: number) => `picture ${image % pictures} of the bench`;

/**
 * Products of three images each, made by the database, from the product of number `from`.
 * @param pictures distinct ones; images beyond them repeat them
 */
export async function fillWithProducts(
  superuserUrl: string,
  { from, to, pictures }: { from: number; to: number; pictures: number },
): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query('begin');
    await client.query("set local session_replication_role = 'replica'");
    await client.query(
      `insert into users (id, email, password_hash) values ('${SELLER}', 'seller@example.com', '-') on conflict do nothing`,
    );
    await client.query(`
      insert into products (id, user_id, status, prompt_text, image_count, image_bytes)
      select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, '${SELLER}', 'ready',
        'Used mountain bike number ' || n || ', ridden for ' || md5(n::text), ${IMAGES_EACH}, 100
      from generate_series(${from}, ${to}) n`);
    await client.query(`
      insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
        resolution_width, resolution_height, position, is_primary)
      select (lpad(to_hex(i), 8, '0') || '-0000-7000-9000-000000000000')::uuid, product,
        's3://${BUCKET}/products/' || product || '/' || product || '/' || i || '/original.jpg',
        encode(sha256(convert_to(content, 'UTF8')), 'hex'), length(content), 'jpeg', 1600, 1200, k, k = 0
      from generate_series(${from}, ${to}) n cross join generate_series(0, ${IMAGES_EACH - 1}) k
      cross join lateral (select (n - 1) * ${IMAGES_EACH} + k as i, (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid as product) a
      cross join lateral (select 'picture ' || (i % ${pictures}) || ' of the bench' as content) b`);
    await client.query('commit');
    await client.query('vacuum (analyze) products, product_images');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}
