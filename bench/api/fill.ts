import { Client } from 'pg';

/** The disk store's bucket: rows name their objects with it. */
const BUCKET = 'intellipost-images';

export interface Filling {
  readonly sellerId: string;
  readonly products: number;
  /** How many sellers beside, each with a thousand products: the table holds more than is asked for. */
  readonly otherSellers: number;
}

const OTHERS_PRODUCTS = 1000;

/**
 * Fills a database with products of one image each, as they are after a year: half of them ready, created minute by minute.
 * With the triggers off and their work done by hand: a million events on one seller's ledger in one transaction is not how a table
 * grows, and would take hours.
 * @param superuserUrl names the database
 */
export async function fill(superuserUrl: string, filling: Filling): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query('begin');
    await client.query("set local session_replication_role = 'replica'");
    await client.query("set local maintenance_work_mem = '256MB'");
    await insertProducts(client, '$1::uuid as user_id', filling.products, [filling.sellerId]);
    if (filling.otherSellers > 0) await addOtherSellers(client, filling.otherSellers);
    await client.query(LEDGERS);
    await client.query('commit');
    await client.query('vacuum (analyze) products, product_images, seller_ledger, users');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

async function addOtherSellers(client: Client, sellers: number): Promise<void> {
  await client.query(`insert into users (id, email, password_hash)
    select uuidv7(), 'other-' || n || '@example.com', '-' from generate_series(1, ${sellers}) n`);
  const spread = `(select array_agg(id) from users where email like 'other-%')`;
  await insertProducts(client, `(${spread})[1 + n % ${sellers}] as user_id`, sellers * OTHERS_PRODUCTS, []);
}

async function insertProducts(client: Client, owner: string, products: number, values: string[]): Promise<void> {
  const one = owner.startsWith('(') ? `cross join lateral (select ${owner}) o` : `cross join (select ${owner}) o`;
  await client.query(
    `with made as (
      insert into products (id, user_id, status, prompt_text, image_count, image_bytes, created_at, updated_at)
      select uuidv7(), o.user_id, case n % 2 when 0 then 'ready' else 'processing' end,
        'Used mountain bike number ' || n, 1, 1100000, now() - n * interval '1 minute', now()
      from generate_series(1, ${products}) n ${one}
      returning id
    )
    insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
      resolution_width, resolution_height, position, is_primary)
    select uuidv7(), id, 's3://${BUCKET}/products/' || id || '/' || id || '/' || id || '/original.jpg',
      repeat('0', 64), 1100000, 'jpeg', 1600, 1200, 0, true from made`,
    values,
  );
}

const LEDGERS = `insert into seller_ledger (user_id, processing, ready, image_bytes, last_event)
  select user_id, count(*) filter (where status = 'processing'), count(*) filter (where status = 'ready'),
    sum(image_bytes), count(*) from products group by user_id`;
