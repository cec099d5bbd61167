import type { Log } from '../../kernel/log';
import type { ObjectKey } from '../../kernel/object-key';
import type { Database } from '../../platform/database/database';
import { transactionsOf } from '../../platform/database/transaction';
import type { StagingArea } from '../../platform/staging/staging-area';
import type { Metrics } from '../../platform/telemetry/metrics';
import { retention } from './application/retention';
import type { RunTask } from './application/run-task';
import { scrub } from './application/scrub';
import { sweep } from './application/sweep';
import type { MaintenanceHold } from './domain/maintenance-hold';
import type { RetentionStep, UpkeepStep } from './domain/upkeep-step';
import { postgresRetained, type RetentionAges } from './infrastructure/postgres-retained';
import { postgresScrubRows } from './infrastructure/postgres-scrub-rows';
import { spentRows } from './infrastructure/postgres-spent-rows';
import { type ReadableStore, stagedDigests } from './infrastructure/staged-digests';

export const DAMAGED_IMAGES = {
  name: 'damaged_images',
  help: 'Images whose stored bytes a scrub or an audit found wrong or gone.',
  labels: [],
};

export interface UpkeepPartsDeps {
  readonly database: Database;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'sampled'>;
  readonly staging: Pick<StagingArea, 'open'>;
  readonly store: ReadableStore;
  /** Reads the URLs by which rows name their objects. */
  readonly keyOf: (url: string) => ObjectKey;
  /** What the modules add to the sweep, in this order. */
  readonly sweepSteps: readonly UpkeepStep[];
  readonly retentionSteps: readonly RetentionStep[];
  readonly ages: RetentionAges;
}

/** Sweep, scrub and retention on their adapters. */
export function upkeepTasks(deps: UpkeepPartsDeps, runTask: RunTask, holds: MaintenanceHold) {
  const { database, log, store, staging, keyOf } = deps;
  const rows = postgresScrubRows(database.orm, transactionsOf(database));
  const retentionSteps = [...postgresRetained(database.orm, deps.ages), ...deps.retentionSteps];
  deps.metrics.sampled({
    gauges: [DAMAGED_IMAGES],
    ask: async () => ({ damaged_images: [{ labels: {}, value: await rows.damaged() }] }),
  });
  return {
    sweep: sweep({ runTask, log, holds, steps: [...deps.sweepSteps, ...spentRows(database.orm)] }),
    scrub: scrub({ runTask, log, rows, keyOf, digests: stagedDigests(store, staging) }),
    /** How many there are to be scrubbed. */
    countImages: () => rows.count(),
    retention: retention({ runTask, log, steps: retentionSteps }),
    /** The ages that hold, in days; null: off. */
    retentionAges: () => Object.fromEntries(retentionSteps.map(({ name, ageDays }) => [name, ageDays])),
  };
}
