import type { Settings } from '../config/load';
import type { Log } from '../kernel/log';
import { auditTasks } from '../modules/maintenance';
import type { StorageModule } from '../modules/storage';
import type { Database } from '../platform/database/database';
import type { StagingArea } from '../platform/staging/staging-area';

interface AuditGround {
  readonly settings: Settings;
  readonly log: Log;
  readonly database: Database;
  readonly staging: StagingArea;
  readonly storage: StorageModule;
}

export function buildAudit({ settings, log, database, staging, storage }: AuditGround) {
  return auditTasks({
    database,
    log,
    staging,
    store: storage.store,
    buckets: storage.buckets,
    namesOf: storage.namesOf,
    config: {
      minAgeSeconds: settings.AUDIT_MIN_AGE_SECONDS,
      maxShare: settings.AUDIT_MAX_SHARE,
      brakeMin: settings.AUDIT_BRAKE_MIN,
      sampleShare: settings.AUDIT_SHA256_SHARE,
      quarantineTtlSeconds: settings.QUARANTINE_TTL_SECONDS,
    },
  });
}
