import type { ObjectKey } from '../../../../kernel/object-key';
import { notDeletedOf, type ObjectsNotDeleted } from '../../../../kernel/objects-not-deleted';
import type { BackupRun } from '../../domain/create-ports';
import type { TargetStore } from '../../domain/target-store';

/** Goes on around single objects that the target keeps, and remembers that there were some. */
export class Deletions {
  private kept: ObjectsNotDeleted | null = null;

  constructor(
    private readonly target: Pick<TargetStore, 'deleteMany'>,
    private readonly run: BackupRun,
  ) {}

  /** @returns how many are gone */
  async of(keys: readonly ObjectKey[]): Promise<number> {
    const kept = await notDeletedOf(this.target.deleteMany(keys));
    if (!kept) return keys.length;
    this.kept = kept;
    this.run.count('undeletable', kept.keys.size);
    return keys.length - kept.keys.size;
  }

  /** @throws ObjectsNotDeleted where the target has kept any */
  end(): void {
    if (this.kept) throw this.kept;
  }
}
