import type { Orm } from '../../../platform/database/database';
import { type Prepared, runPrepared } from '../../../platform/database/prepared';
import { read } from '../../../platform/database/read';
import { ormOf } from '../../../platform/database/transaction';
import type { Quota, SellerLedger } from '../domain/quota';

const HOLDING: Prepared = {
  name: 'seller_holding',
  text: `
    select uploading + processing + ready + publishing + published + failed as products, image_bytes::float8 as bytes
    from seller_ledger where user_id = $1`,
};

export function postgresSellerLedger(orm: Orm): SellerLedger {
  return {
    async holding({ userId }, tx) {
      const ask = (from: Orm) => runPrepared<{ products: number; bytes: number }>(from, HOLDING, [userId]);
      const { rows } = tx ? await ask(ormOf(tx)) : await read(() => ask(orm));
      // it comes with the first product
      return rows[0] ?? { products: 0, bytes: 0 };
    },
  };
}

/** As the trigger reads it that moves the ledger (the migration admission_rules): products, bytes. */
export function quotaValues({ products, bytes }: Quota): [string, string] {
  return [String(products ?? ''), String(bytes ?? '')];
}
