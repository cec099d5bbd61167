import type { Settings } from './config/load';
import type { Container } from './container';
import type { Log } from './kernel/log';
import { type DrillReport, drill, NoSuchBackup } from './modules/backup';
import { openScratchSystem } from './scratch-system';

/** What came back is not what the backup says: it is not to be relied on. */
export class DrillFailed extends Error {
  override readonly name = 'DrillFailed';
  constructor(readonly report: DrillReport) {
    super(`what came back differs: ${report.differences.slice(0, 20).join('; ')}`);
  }
}

/**
 * Restores the newest backup beside the running system, and writes down what came of it, as every task of upkeep does: `/metrics` and
 * `/readyz` tell of it.
 * @param signal when the server stops: the drill ends, and is removed
 * @returns null where it was stopped
 * @throws DrillFailed, TaskIsRunning, BackupFault, MayNotCreate
 */
export async function runDrill(
  container: Container,
  settings: Settings,
  log: Log,
  signal?: AbortSignal,
): Promise<DrillReport | null> {
  let report: DrillReport | null = null;
  await container.maintenance.runTask('backup_drill', { dryRun: false, ...(signal ? { signal } : {}) }, async (run) => {
    const { list, open } = await container.backup.reading();
    const newest = (await list()).filter(({ isWhole }) => isWhole).at(-1);
    if (!newest) throw new NoSuchBackup(null);
    const rehearse = drill({
      openScratch: () => openScratchSystem(container, settings, log),
      products: settings.BACKUP_DRILL_PRODUCTS,
      signal: run.signal,
    });
    report = await rehearse(await open(newest.id));
    for (const [what, number] of Object.entries(countsOf(report))) run.count(what, number);
    if (report.differences.length > 0) throw new DrillFailed(report);
  });
  return report;
}

export function countsOf({
  rpoSeconds,
  rtoSeconds,
  rows,
  objects,
  productsRead,
  imagesRead,
  lost,
  differences,
}: DrillReport) {
  return {
    rpo_seconds: Math.round(rpoSeconds),
    rto_seconds: Math.round(rtoSeconds * 1000) / 1000,
    rows,
    objects,
    products_read: productsRead,
    images_read: imagesRead,
    lost: lost.length,
    differences: differences.length,
  };
}
