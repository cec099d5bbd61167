import { eq } from 'drizzle-orm';
import type { Orm } from '../../../platform/database/database';
import { products } from '../../../platform/database/schema';
import type { LegalHolds } from '../domain/ports';

export function postgresLegalHolds(orm: Orm): LegalHolds {
  return {
    async set(id, held) {
      const { rowCount } = await orm.update(products).set({ legalHold: held }).where(eq(products.id, id));
      return rowCount === 1;
    },
  };
}
