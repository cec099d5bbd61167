import type { Log } from '../../kernel/log';
import type { Database } from '../../platform/database/database';
import { transactionsOf } from '../../platform/database/transaction';
import type { Metrics } from '../../platform/telemetry/metrics';
import { runSamples } from './application/run-samples';
import { runTask } from './application/run-task';
import { postgresMaintenanceRuns } from './infrastructure/postgres-maintenance-runs';
import { postgresTaskLocks } from './infrastructure/postgres-task-locks';
import { type UpkeepPartsDeps, upkeepTasks } from './upkeep-parts';

export interface MaintenanceModuleDeps extends UpkeepPartsDeps {
  readonly database: Database;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'sampled'>;
}

/** What keeps store and database well: every task of it runs through `runTask`. */
export function maintenanceModule(deps: MaintenanceModuleDeps) {
  const { database, log } = deps;
  const runs = postgresMaintenanceRuns(database.orm, transactionsOf(database));
  const locks = postgresTaskLocks(database);
  const run = runTask({ runs, locks, log });
  deps.metrics.sampled(runSamples(runs));
  return { runTask: run, runs, ...upkeepTasks(deps, run) };
}
