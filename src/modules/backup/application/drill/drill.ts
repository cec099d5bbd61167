import type { ProductId } from '../../../../kernel/ids';
import type { DrillReport, Scratch } from '../../domain/drill';
import type { OpenBackup } from '../read/open-backup';

export interface DrillDeps {
  /** Makes the scratch system, and removes what a drill that was killed has left of an earlier one. */
  readonly openScratch: () => Promise<Scratch<OpenBackup>>;
  /** So many products are read through the application: BACKUP_DRILL_PRODUCTS. */
  readonly products: number;
  /** Stops it: what it has made is removed all the same. */
  readonly signal?: AbortSignal;
}

/** A restore changes these itself; of all others every row has to be back. */
const CHANGED_BY_RESTORE: ReadonlySet<string> = new Set([
  'intents',
  'idempotency_keys',
  'product_events',
  'seller_ledger',
  'maintenance_runs',
  'maintenance_hold',
]);

/**
 * Restores a backup beside the running system, reads it through the application, compares it with the manifest, and removes it again.
 * @throws what a restore throws; `signal.reason`
 */
export const drill =
  ({ openScratch, products, signal }: DrillDeps) =>
  async (backup: OpenBackup): Promise<DrillReport> => {
    const startedAt = performance.now();
    const rpoSeconds = (Date.now() - backup.manifest.snapshotAt.getTime()) / 1000;
    const scratch = await openScratch();
    try {
      const { rows, objects, lost } = await scratch.restore(backup, signal);
      const rtoSeconds = (performance.now() - startedAt) / 1000;
      const differences = await missingRows(scratch, backup);
      if (lost.length > 0) differences.push(`${lost.length} objects are not in the backup whole`);
      const read = await readProducts(scratch, backup, { limit: products, signal }, differences);
      const { backupId, snapshotAt } = backup.manifest;
      return { backupId, snapshotAt, rpoSeconds, rtoSeconds, rows, objects, lost, differences, ...read };
    } finally {
      await scratch.remove();
    }
  };

async function missingRows(scratch: Scratch<OpenBackup>, { manifest }: OpenBackup): Promise<string[]> {
  const differences: string[] = [];
  for (const { name, lines } of manifest.tables) {
    if (CHANGED_BY_RESTORE.has(name)) continue;
    const count = await scratch.count(name);
    if (count !== lines) differences.push(`table ${name} has ${count} rows, and the manifest says ${lines}`);
  }
  return differences;
}

async function readProducts(
  scratch: Scratch<OpenBackup>,
  backup: OpenBackup,
  { limit, signal }: { limit: number; signal: AbortSignal | undefined },
  differences: string[],
) {
  const ids = await scratch.someProducts(limit);
  const expected = await originalsOf(backup, new Set(ids));
  let imagesRead = 0;
  for (const id of ids) {
    signal?.throwIfAborted();
    try {
      const { images } = await scratch.read(id);
      imagesRead += images.length;
      const wrong = images.filter(({ sha256, readSha256 }) => sha256 !== readSha256).length;
      const seen = images.map(({ readSha256 }) => readSha256).sort();
      if (wrong > 0) differences.push(`product ${id}: ${wrong} images are not what the application says`);
      else if (seen.join() !== (expected.get(id) ?? []).sort().join())
        differences.push(`product ${id}: its images are not those of the backup's list`);
    } catch (error) {
      differences.push(`product ${id} can't be read: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { productsRead: ids.length, imagesRead };
}

/** Digests of the originals, by the product that the key names. */
async function originalsOf(backup: OpenBackup, ids: ReadonlySet<ProductId>): Promise<Map<ProductId, string[]>> {
  const found = new Map<ProductId, string[]>();
  for await (const { key, role, sha256 } of backup.objects()) {
    const id = key.split('/')[1] as unknown as ProductId;
    if (role !== 'original' || !ids.has(id)) continue;
    found.set(id, [...(found.get(id) ?? []), sha256]);
  }
  return found;
}
