import { eq, sql } from 'drizzle-orm';
import type { Orm } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import { sellerLedger as ledger } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { Quota, SellerLedger } from '../domain/quota';

const products = sql<number>`${ledger.uploading} + ${ledger.processing} + ${ledger.ready} + ${ledger.publishing}
  + ${ledger.published} + ${ledger.failed}`;

export function postgresSellerLedger(orm: Orm): SellerLedger {
  return {
    async holding({ userId }, tx) {
      const ask = (from: Orm) =>
        from.select({ products, bytes: ledger.imageBytes }).from(ledger).where(eq(ledger.userId, userId));
      const [row] = tx ? await ask(ormOf(tx)) : await read(() => ask(orm));
      // it comes with the first product
      return row ?? { products: 0, bytes: 0 };
    },
  };
}

/** As the trigger reads it that moves the ledger (the migration admission_rules): products, bytes. */
export function quotaValues({ products, bytes }: Quota): [string, string] {
  return [String(products ?? ''), String(bytes ?? '')];
}
