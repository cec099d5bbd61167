import { stat } from 'node:fs/promises';
import { compareKeys } from '../../../../kernel/key-order';
import { allEntries, entriesInBatches } from './directory-entries';
import { failedWith } from './errno';
import type { EntryName } from './linux-directory-batch';

/** How much of a folder is in memory at a time, and from when on that is asked for. */
export interface FolderLimits {
  /** Names that are sorted at a time; twice as many are held. */
  readonly names: number;
  /** A directory that is no larger itself is read at once: it has some ten thousand names at most, on most file systems. */
  readonly directoryBytes: number;
}

const LIMITS: FolderLimits = { names: 50_000, directoryBytes: 512 * 1024 };

/**
 * The names of a folder in the order of their bytes, those that are wanted. A large folder is read once for every 50,000 of them, so
 * that no more than twice as many are in memory: of a million products twenty times, some seconds each.
 * What comes or goes meanwhile may be among them or not.
 */
export async function* sortedEntries(
  path: string,
  wants: (name: EntryName) => boolean,
  limits: FolderLimits = LIMITS,
): AsyncGenerator<EntryName> {
  try {
    if ((await stat(path)).size > limits.directoryBytes) yield* inParts(path, wants, limits.names);
    else yield* (await allEntries(path)).filter(wants).sort(compareKeys);
  } catch (error) {
    if (!failedWith(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
}

async function* inParts(path: string, wants: (name: EntryName) => boolean, count: number): AsyncGenerator<EntryName> {
  for (let after = ''; ; ) {
    const least = new Least(after, count);
    for await (const names of entriesInBatches(path)) {
      for (const name of names) if (wants(name)) least.add(name);
      await new Promise((resolve) => setImmediate(resolve)); // requests are to be served meanwhile
    }
    const part = least.sorted();
    yield* part;
    if (part.length < count) return;
    after = part.at(-1) ?? after;
  }
}

/** Of all names that are added, the first so many behind `after`. */
class Least {
  private kept: EntryName[] = [];
  private last: EntryName | null = null;

  constructor(
    private readonly after: EntryName,
    private readonly count: number,
  ) {}

  add(name: EntryName): void {
    if (compareKeys(name, this.after) <= 0) return;
    if (this.last !== null && compareKeys(name, this.last) >= 0) return;
    this.kept.push(name);
    if (this.kept.length >= 2 * this.count) this.last = this.sorted().at(-1) ?? null;
  }

  sorted(): readonly EntryName[] {
    this.kept = this.kept.sort(compareKeys).slice(0, this.count);
    return this.kept;
  }
}
