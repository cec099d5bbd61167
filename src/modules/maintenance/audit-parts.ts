import { type Clock, systemClock } from '../../kernel/clock';
import type { Log } from '../../kernel/log';
import type { ObjectKey } from '../../kernel/object-key';
import type { Database } from '../../platform/database/database';
import { transactionsOf } from '../../platform/database/transaction';
import type { StagingArea } from '../../platform/staging/staging-area';
import { audit } from './application/audit/audit';
import { exclusively } from './application/exclusively';
import { releaseEnding } from './application/quarantine/end-releases';
import { quarantineExpiry } from './application/quarantine/expire';
import { releaseAll, releaseObject } from './application/quarantine/release';
import { runTask } from './application/run-task';
import type { AuditedStore, NamingRows } from './domain/audit';
import type { RunId } from './domain/maintenance-run';
import { postgresAuditFindings } from './infrastructure/postgres-audit-findings';
import { postgresMaintenanceHold } from './infrastructure/postgres-maintenance-hold';
import { postgresMaintenanceRuns } from './infrastructure/postgres-maintenance-runs';
import { postgresNamingRows } from './infrastructure/postgres-naming-rows';
import { postgresQuarantine } from './infrastructure/postgres-quarantine';
import { postgresTaskLocks } from './infrastructure/postgres-task-locks';
import { type ReadableStore, stagedDigests } from './infrastructure/staged-digests';

export interface AuditPartsDeps {
  readonly database: Database;
  readonly log: Log;
  readonly store: AuditedStore & ReadableStore;
  readonly staging: Pick<StagingArea, 'open'>;
  /** The configured bucket and its former names. */
  readonly buckets: readonly string[];
  /** By what keys are named; the storage module's. */
  readonly namesOf: NamingRows['namesOf'];
  /** Absent: that of this machine. */
  readonly clock?: Clock;
  readonly config: {
    readonly minAgeSeconds: number;
    readonly maxShare: number;
    readonly brakeMin: number;
    readonly sampleShare: number;
    readonly quarantineTtlSeconds: number;
  };
}

export interface LastAudit {
  /** Null where there never was one. */
  readonly runId: RunId | null;
  readonly unfinishedSince: Date | null;
}

/** The audit and its quarantine on their adapters. */
export function auditTasks(deps: AuditPartsDeps) {
  const { database, log, store, staging, buckets, namesOf, config } = deps;
  const { orm } = database;
  const runs = postgresMaintenanceRuns(orm, transactionsOf(database));
  const locks = postgresTaskLocks(database);
  const holds = postgresMaintenanceHold(orm);
  const findings = postgresAuditFindings(orm);
  const quarantine = postgresQuarantine(orm);
  const rows = postgresNamingRows(orm, { buckets, namesOf });
  const moving = { store, rows, quarantine, exclusively: exclusively(locks, 'quarantine') };
  return {
    audit: audit({
      ...moving,
      findings,
      log,
      digests: stagedDigests(store, staging),
      // a disk keeps no digest that could be asked for
      sample: store.kind === 'disk' ? 0 : config.sampleShare,
      clock: deps.clock ?? systemClock,
      minAgeSeconds: config.minAgeSeconds,
      brake: { min: config.brakeMin, share: config.maxShare },
      runTask: runTask({ runs, locks, holds, log }),
    }),
    /** How many objects the rows name; null where that takes too long to count. */
    countNamed: () => rows.count(),
    /** Whose findings are to be looked at, and whether there is a later one that has not ended: it is under way, or has died. */
    async lastAudit(): Promise<LastAudit> {
      const [shown, last] = [await findings.lastRun(), await runs.last('audit')];
      const unfinished = last && !last.endedAt && last.id !== shown?.id ? last : null;
      // the first of all is all there is
      return { runId: (shown ?? last)?.findingsRunId ?? null, unfinishedSince: unfinished?.startedAt ?? null };
    },
    /** Of one audit, page by page. */
    findings: (run: RunId, after: ObjectKey | null, limit: number) => findings.page(run, after, limit),
    /** What is in quarantine, page by page. */
    quarantined: (after: ObjectKey | null, limit: number) =>
      quarantine.page(['moving', 'held', 'releasing', 'released', 'expiring'], after, limit),
    release: releaseObject({ ...moving, holds }),
    releaseAll: releaseAll({ ...moving, holds }),
    /** A step of the sweep, ahead of the one that drains intents. */
    releaseEnding: releaseEnding({ ...moving, log }),
    /** A step of retention. */
    quarantineExpiry: quarantineExpiry({ ...moving, log, ttlSeconds: config.quarantineTtlSeconds }),
  };
}
