import { inLanes } from '../../../kernel/in-lanes';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type {
  MigrationProblem,
  MigrationProgress,
  MigrationReport,
  NamedObject,
  NamedObjects,
} from '../domain/object-migration';
import type { ObjectStore } from '../domain/object-store';
import { type CopyDeps, type CopyOutcome, copyObject } from './copy-object';
import { pruneUnnamed } from './prune-unnamed';

export interface MigrateDeps extends CopyDeps {
  readonly names: NamedObjects;
  readonly source: Pick<ObjectStore, 'head' | 'get' | 'list' | 'check'>;
  readonly target: Pick<ObjectStore, 'head' | 'get' | 'put' | 'list' | 'deleteMany' | 'check'>;
}

export interface MigrateRequest {
  /** Delete from the target what nothing names any more. */
  readonly prune: boolean;
  onProgress(progress: MigrationProgress): void;
  onProblem(problem: MigrationProblem): void;
}

type Counts = { -readonly [Name in keyof MigrationReport]: MigrationReport[Name] };

/** Objects at a time: enough to hide a store's delay, few enough that staged files do not fill a disk. */
const LANES = 8;

/**
 * Copies every object that rows or living attempts name to another store, while the server works on the first. Repeating it copies
 * what has come since; what the target has with the same sha-256 is not sent again.
 * @throws AppError STORAGE_UNAVAILABLE when either store is out of order for longer than its retries: repeat it
 */
export const migrateObjects =
  (deps: MigrateDeps) =>
  async ({ prune, onProgress, onProblem }: MigrateRequest): Promise<MigrationReport> => {
    const report: Counts = { copied: 0, copiedBytes: 0, present: 0, gone: 0, problems: 0, unnamed: 0, pruned: 0 };
    const total = await deps.names.count();
    let done = 0;
    const copy = copyObject(deps);
    await inLanes(objectsToCopy(deps), LANES, async (named) => {
      const outcome = await copy(named);
      count(report, outcome);
      if (outcome.is === 'problem') onProblem({ key: named.key, problem: outcome.problem });
      done += 1;
      onProgress({ done, total, copiedBytes: report.copiedBytes });
    });
    return { ...report, ...(await pruneUnnamed(deps)(prune)) };
  };

function count(report: Counts, outcome: CopyOutcome): void {
  if (outcome.is === 'problem') report.problems += 1;
  else report[outcome.is] += 1;
  if (outcome.is === 'copied') report.copiedBytes += outcome.sizeBytes;
}

/** Attempts first: one that commits meanwhile is then found among the rows. */
async function* objectsToCopy({ names, source }: MigrateDeps): AsyncGenerator<NamedObject> {
  for await (const prefix of names.ofOpenIntents()) yield* writtenUnder(source, prefix);
  yield* names.ofRows();
}

async function* writtenUnder(source: Pick<ObjectStore, 'list'>, prefix: KeyPrefix): AsyncGenerator<NamedObject> {
  const isFolder = prefix.endsWith('/');
  for await (const { key } of source.list(prefix)) {
    if (isFolder || key === (prefix as string as ObjectKey)) yield { key, sha256: null };
  }
}
