import type { Database } from '../../platform/database/database';
import type { MaintenanceHold } from './domain/maintenance-hold';
import { postgresMaintenanceHold } from './infrastructure/postgres-maintenance-hold';

/** For those who must not delete while upkeep is on hold, and are no task of it. */
export function maintenanceHold(database: Pick<Database, 'orm'>): MaintenanceHold {
  return postgresMaintenanceHold(database.orm);
}
