import { Client } from 'pg';
import { newId, type ProductId, type UserId } from '../../src/kernel/ids';
import { createAccessTokens } from '../../src/modules/identity/infrastructure/jwt-access-tokens';

export interface BenchSeller {
  readonly token: string;
  readonly productId: ProductId;
}

/** Sellers with a product each, and tokens for them: registering would be most of the time of a run. */
export async function benchSellers(ownerUrl: string, secret: string, count: number): Promise<BenchSeller[]> {
  const issuer = { issuer: 'intellipost', audience: 'intellipost-product-store' };
  const tokens = createAccessTokens({ secret, ...issuer, ttlSeconds: 86_400 });
  const ids = Array.from({ length: count }, () => ({ userId: newId<UserId>(), productId: newId<ProductId>() }));
  const columns = [ids.map(({ userId }) => userId), ids.map(({ productId }) => productId)];
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(
    `insert into users (id, email, password_hash, role) select id, id || '@example.com', 'none', 'seller' from unnest($1::uuid[]) id`,
    columns.slice(0, 1),
  );
  await client.query(
    `insert into products (id, user_id, prompt_text) select id, seller, 'a lamp in good order' from unnest($1::uuid[], $2::uuid[]) as p (seller, id)`,
    columns,
  );
  await client.end();
  return Promise.all(
    ids.map(async ({ userId, productId }) => ({ productId, token: await tokens.sign({ userId, role: 'seller' }) })),
  );
}
