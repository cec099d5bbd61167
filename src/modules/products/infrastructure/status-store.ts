import { and, eq, sql } from 'drizzle-orm';
import { products } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { Status } from '../domain/lifecycle';
import type { StatusStore } from '../domain/ports';

export const postgresStatusStore: StatusStore = {
  async phase(tx, id) {
    const [row] = await ormOf(tx)
      .select({ status: products.status, failedFrom: products.failedFrom })
      .from(products)
      .where(eq(products.id, id));
    // The table's CHECK and trigger hold both columns to the machine's statuses.
    return row ? { status: row.status as Status, failedFrom: row.failedFrom as Status | null } : null;
  },

  async advance(tx, id, from, to, why) {
    const orm = ormOf(tx);
    await orm.execute(sql`select set_config('intellipost.actor', ${why.actor}, true),
      set_config('intellipost.reason', ${why.reason ?? ''}, true),
      set_config('intellipost.error_type', ${why.errorType ?? ''}, true)`);
    const changed = await orm
      .update(products)
      .set({ status: to })
      .where(
        and(
          eq(products.id, id),
          eq(products.status, from.status),
          // A product that was retried and failed again, elsewhere, is failed but not what was read.
          sql`${products.failedFrom} is not distinct from ${from.failedFrom}`,
        ),
      )
      .returning({ id: products.id });
    return changed.length === 1;
  },
};
