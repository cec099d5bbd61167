import { runDrill } from './backup-drill';
import type { Settings } from './config/load';
import type { Container } from './container';
import type { Log } from './kernel/log';
import { MaintenanceOnHold, TaskIsRunning } from './modules/maintenance';
import type { ScheduledWork } from './platform/jobs/jobs';

/**
 * What runs by the clock, each over all instances once at a time.
 * @param signal aborted when the server stops: what is under way ends, and the next run goes on from there
 */
export function maintenanceSchedules(
  container: Container,
  settings: Settings,
  log: Log,
  signal: AbortSignal,
): ScheduledWork[] {
  const schedule = (queue: ScheduledWork['queue'], cron: string, work: () => Promise<unknown>): ScheduledWork => ({
    queue,
    cron,
    work: () => reported(queue, work, log),
  });
  const { maintenance, audit, backup } = container;
  const ofBackups = (cron: string) => (backup.isConfigured ? cron : 'off');
  return [
    schedule('backup_drill', ofBackups(settings.BACKUP_DRILL_CRON), () => runDrill(container, settings, log, signal)),
    // the process before may have died
    { ...schedule('sweep', settings.SWEEP_CRON, () => maintenance.sweep(signal)), atStart: true },
    schedule('scrub', settings.SCRUB_CRON, () => maintenance.scrub({ bytes: settings.SCRUB_BYTES_PER_RUN, signal })),
    schedule('audit', settings.AUDIT_CRON, () => audit.audit({ mode: settings.AUDIT_ACT ? 'act' : 'report', signal })),
    schedule('retention', settings.RETENTION_CRON, () => maintenance.retention({ dryRun: false, signal })),
    schedule('backup', ofBackups(settings.BACKUP_CRON), async () => (await backup.parts()).create({ signal })),
    schedule('backup_verify', ofBackups(settings.BACKUP_VERIFY_CRON), async () =>
      (await backup.parts()).verify({ share: settings.BACKUP_VERIFY_SHARE, signal }),
    ),
    schedule('backup_prune', ofBackups(settings.BACKUP_PRUNE_CRON), async () =>
      (await backup.parts()).prune(false, { signal }),
    ),
  ];
}

/** Nobody waits for it, so its failure is told here; `maintenance_runs` has it too. */
async function reported(task: string, work: () => Promise<unknown>, log: Log): Promise<void> {
  try {
    await work();
  } catch (err) {
    // the lock of something that it waited for is another matter: then its work is not done
    if (err instanceof TaskIsRunning && err.task === task) log.debug({ task }, 'skipped: an operator runs it');
    else if (err instanceof MaintenanceOnHold) log.info({ task }, err.message);
    else log.error({ err, task }, 'a task of upkeep failed');
  }
}
