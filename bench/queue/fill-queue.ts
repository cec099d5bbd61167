import { Client } from 'pg';

const SELLERS = 100;

/**
 * Products with three images each and their variants, all of them queued; with the triggers off and their work done by hand, as a
 * hundred thousand changes of status would take an hour.
 * @param superuserUrl names the database
 */
export async function fillQueue(superuserUrl: string, length: number): Promise<void> {
  await connected(superuserUrl, async (client) => {
    await client.query("set session_replication_role = 'replica'");
    await client.query(`insert into users (id, email, password_hash)
      select gen_random_uuid(), 'seller-' || n || '@example.com', '-' from generate_series(1, ${SELLERS}) n`);
    await client.query(`insert into products (id, user_id, status, prompt_text, image_count)
      select gen_random_uuid(), sellers.ids[1 + n % ${SELLERS}], 'processing', 'Used mountain bike number ' || n, 3
      from generate_series(1, ${length}) n, (select array_agg(id) as ids from users) sellers`);
    await client.query(`insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
        resolution_width, resolution_height, position, is_primary)
      select gen_random_uuid(), id, 's3://intellipost-images/products/' || id || '/' || n || '/original.jpg', repeat('0', 64),
        1100000, 'jpeg', 1600, 1200, n, n = 0 from products, generate_series(0, 2) n`);
    await client.query(`insert into image_variants (image_id, variant, s3_url, sha256, file_size_bytes, resolution_width, resolution_height)
      select id, variant, 's3://intellipost-images/' || id || '/' || variant || '.jpg', sha256, 10000, 320, 240
      from product_images, unnest(array['thumb', 'model']) variant`);
    await client.query(`insert into work_items (product_id, user_id, phase, turn)
      select id, user_id, 'processing', row_number() over (partition by user_id order by id) - 1 from products`);
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
  });
}

/** As it was before the turn. */
export async function putAllBack(superuserUrl: string): Promise<void> {
  await connected(superuserUrl, async (client) => {
    await client.query("set session_replication_role = 'replica'");
    await client.query("update work_items set state = 'queued', due_at = null, attempts = 0 where state <> 'queued'");
    await client.query('update products set processing_started_at = null where processing_started_at is not null');
    await client.query('delete from work_leases');
    await client.query('vacuum (analyze) work_items, work_leases, products');
  });
}

async function connected(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
