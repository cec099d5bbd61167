import { and, asc, count, eq, gt, inArray, ne, type SQL, sql } from 'drizzle-orm';
import type { ProductId, UserId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { ofLivingAccount } from '../../../platform/database/of-living-account';
import { read } from '../../../platform/database/read';
import { products, sellerCredentials } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import { type Owner, PROVIDER, type Sealed } from '../domain/envelope';
import type { SealedCredentials, SealedOf } from '../domain/ports';

const table = sellerCredentials;
const SEALED = { keyId: table.keyId, wrappedKey: table.wrappedKey, sealed: table.sealed };

export function postgresSealedCredentials(orm: Orm): SealedCredentials {
  return {
    find: async (owner) => (await read(() => orm.select(SEALED).from(table).where(of(owner))))[0] ?? null,
    put: (owner, sealed) => put(orm, owner, sealed),
    remove: async (owner) => {
      await orm.delete(table).where(of(owner));
    },
    ofProducts,
    lockOfProduct,
    replace: async (tx, owner, sealed) => {
      await ormOf(tx)
        .update(table)
        .set({ ...sealed, updatedAt: sql`now()` })
        .where(of(owner));
    },
    wrappedByOthers: (keyId, after, limit) => wrappedByOthers(orm, keyId, after, limit),
    countWrappedByOthers: async (keyId) => {
      const [row] = await read(() => orm.select({ n: count() }).from(table).where(notBy(keyId)));
      return row?.n ?? 0;
    },
    replaceWrapping: async (owner, before, after) => {
      const replaced = await orm
        .update(table)
        .set({ keyId: after.keyId, wrappedKey: after.wrappedKey })
        .where(and(of(owner), eq(table.keyId, before.keyId), eq(table.wrappedKey, before.wrappedKey)))
        .returning({ userId: table.userId });
      return replaced.length === 1;
    },
  };
}

async function put(orm: Orm, owner: Owner, sealed: Sealed): Promise<void> {
  await ofLivingAccount(() =>
    orm
      .insert(table)
      .values({ ...owner, ...sealed })
      .onConflictDoUpdate({ target: [table.userId, table.provider], set: { ...sealed, updatedAt: sql`now()` } }),
  );
}

async function ofProducts(tx: Transaction, ids: readonly ProductId[]) {
  if (ids.length === 0) return [];
  const rows = await ormOf(tx)
    .select({ productId: products.id, userId: table.userId, ...SEALED })
    .from(products)
    .innerJoin(table, and(eq(table.userId, products.userId), eq(table.provider, PROVIDER)))
    .where(inArray(products.id, [...ids]));
  return rows.map(({ productId, userId, ...sealed }) => ({
    productId: productId as ProductId,
    userId: userId as UserId,
    sealed,
  }));
}

async function lockOfProduct(tx: Transaction, id: ProductId) {
  const orm = ormOf(tx);
  const seller = orm.select({ id: products.userId }).from(products).where(eq(products.id, id));
  const [row] = await orm
    .select({ userId: table.userId, ...SEALED })
    .from(table)
    .where(and(eq(table.userId, seller), eq(table.provider, PROVIDER)))
    .for('update');
  return row ? sealedOf(row) : null;
}

async function wrappedByOthers(orm: Orm, keyId: string, after: Owner | null, limit: number) {
  const rows = await read(() =>
    orm
      .select({ userId: table.userId, ...SEALED })
      .from(table)
      .where(and(notBy(keyId), eq(table.provider, PROVIDER), after ? gt(table.userId, after.userId) : undefined))
      .orderBy(asc(table.userId))
      .limit(limit),
  );
  return rows.map(sealedOf);
}

function sealedOf({ userId, ...sealed }: Sealed & { userId: string }): SealedOf {
  return { owner: { userId: userId as UserId, provider: PROVIDER }, sealed };
}

const of = ({ userId, provider }: Owner) => and(eq(table.userId, userId), eq(table.provider, provider));
const notBy = (keyId: string): SQL => ne(table.keyId, keyId);
