import type { Log } from '../../kernel/log';
import type { Database } from '../../platform/database/database';
import { transactionsOf } from '../../platform/database/transaction';
import type { Metrics } from '../../platform/telemetry/metrics';
import { holdSample } from './application/hold-sample';
import { holdUpkeep } from './application/hold-upkeep';
import { runSamples } from './application/run-samples';
import { runTask } from './application/run-task';
import { postgresMaintenanceHold } from './infrastructure/postgres-maintenance-hold';
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
  const holds = postgresMaintenanceHold(database.orm);
  const run = runTask({ runs, locks, holds, log });
  deps.metrics.sampled(runSamples(runs));
  deps.metrics.sampled(holdSample(holds));
  return { runTask: run, runs, holds, holdUpkeep: holdUpkeep({ holds, locks }), ...upkeepTasks(deps, run, holds) };
}
