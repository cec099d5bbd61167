import { Client } from 'pg';
import type { KeyPrefix, ObjectKey } from '../../src/kernel/object-key';
import type { ListedObject } from '../../src/modules/maintenance/domain/audit';

export const BUCKET = 'intellipost-images';
const SIZE_BYTES = 1_100_000;
const SELLER = '00000000-0000-7000-8000-000000000000';

/**
 * Products of one image each, with ids that count: so a listing can be made up that fits them, and is nowhere in memory.
 * With the triggers off: their work for a million rows would take longer than the audit.
 */
export async function fillWithImages(superuserUrl: string, images: number): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query('begin');
    await client.query("set local session_replication_role = 'replica'");
    await client.query(`insert into users (id, email, password_hash) values ('${SELLER}', 'seller@example.com', '-')`);
    await client.query(`
      with made as (
        insert into products (id, user_id, status, prompt_text, image_count, image_bytes)
        select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, '${SELLER}', 'ready',
          'Used mountain bike number ' || n, 1, ${SIZE_BYTES} from generate_series(1, ${images}) n
        returning id
      )
      insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
        resolution_width, resolution_height, position, is_primary)
      select id, id, 's3://${BUCKET}/products/' || id || '/' || id || '/' || id || '/original.jpg',
        repeat('0', 64), ${SIZE_BYTES}, 'jpeg', 1600, 1200, 0, true from made`);
    await client.query('commit');
    await client.query('vacuum (analyze) product_images');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

/** What a store that holds exactly their objects would list: nothing lies in quarantine. */
export async function* listingOf(images: number, prefix: KeyPrefix, after?: ObjectKey): AsyncGenerator<ListedObject> {
  if (String(prefix) !== 'products/') return;
  const lastModified = new Date(0);
  for (let n = 1; n <= images; n += 1) {
    const id = `${n.toString(16).padStart(8, '0')}-0000-7000-8000-000000000000`;
    const key = `products/${id}/${id}/${id}/original.jpg` as ObjectKey;
    if (after === undefined || key > after) yield { key, sizeBytes: SIZE_BYTES, lastModified };
  }
}
