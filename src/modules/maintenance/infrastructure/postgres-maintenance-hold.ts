import type { Orm } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import { maintenanceHold } from '../../../platform/database/schema';
import type { Hold, MaintenanceHold } from '../domain/maintenance-hold';

const COLUMNS = { reason: maintenanceHold.reason, heldAt: maintenanceHold.heldAt };

export function postgresMaintenanceHold(orm: Orm): MaintenanceHold {
  async function current(): Promise<Hold | null> {
    return (await read(() => orm.select(COLUMNS).from(maintenanceHold)))[0] ?? null;
  }

  async function place(reason: string): Promise<Hold> {
    await orm.insert(maintenanceHold).values({ reason }).onConflictDoNothing();
    // null: it was lifted by somebody else at this very moment
    return (await current()) ?? (await place(reason));
  }

  return {
    current,
    place,
    lift: async () => (await orm.delete(maintenanceHold).returning(COLUMNS))[0] ?? null,
  };
}
