import type { OnProgress } from '../../domain/create-ports';
import type { BackupId } from '../../domain/layout';
import type { Manifest, SegmentedLines, TableDump } from '../../domain/manifest';
import type { SnapshotSource } from '../../domain/snapshot';
import { AbsentObjects } from './absent-objects';
import { type DigestDeps, digestObjects } from './digest-objects';
import { type LinesDeps, LinesWriter } from './lines-writer';

export interface WriteSnapshotDeps extends LinesDeps, DigestDeps {
  readonly codec: LinesDeps['codec'] & DigestDeps['codec'] & { readonly namingKey: Uint8Array | null };
  readonly snapshots: SnapshotSource;
}

export interface WrittenSnapshot {
  readonly facts: Pick<Manifest, 'schema' | 'serverVersion' | 'snapshotAt' | 'sequences'>;
  readonly tables: readonly TableDump[];
  readonly list: SegmentedLines;
  readonly runs: readonly number[];
  readonly absent: AbsentObjects;
}

/**
 * Every table and the list of objects as of one moment. The list is on the target before anything is decided by what the target has:
 * whoever prunes finds in it what this backup counts on.
 */
export async function writeSnapshot(
  deps: WriteSnapshotDeps,
  id: BackupId,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<WrittenSnapshot> {
  const snapshot = await deps.snapshots.open(deps.codec.namingKey);
  try {
    const expected = snapshot.tables.reduce((sum, { rows }) => sum + rows, 0);
    let rows = 0;
    const tables: TableDump[] = [];
    for (const { name, columns } of snapshot.tables) {
      const writer = new LinesWriter(deps, id, `tables/${name}`, signal);
      await writer.append(snapshot.rows(name), (count) => {
        rows += count;
        onProgress(rows, Math.max(rows, expected), 'rows');
      });
      tables.push({ name, columns, ...writer.end() });
    }
    const list = new LinesWriter(deps, id, 'objects', signal);
    await list.append(snapshot.objects());
    const absent = new AbsentObjects(() => list.lines);
    const main = list.segmentCount > 0 ? [0] : [];
    const more = await digestObjects(deps, id, snapshot.undigested(), { list, absent, signal });
    return {
      facts: { ...snapshot.facts, sequences: snapshot.sequences },
      tables,
      list: list.end(),
      runs: [...main, ...more],
      absent,
    };
  } finally {
    await snapshot.close();
  }
}
