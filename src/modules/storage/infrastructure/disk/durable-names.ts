import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { failedWith } from './errno';

const ENTRIES_MAX = 4_000;

/**
 * Makes a new name durable with every folder above it: what a folder holds is beyond a loss of power once the folder was fsynced,
 * and of folders that were, this remembers it. Another process may remove an emptied folder and make it again, whose name is not
 * durable then: so it is the inode that is remembered, with the moment of its birth, because inode numbers are used again.
 */
export class DurableNames {
  private readonly known = new Map<string, string>();

  constructor(private readonly fsync: (folder: string) => Promise<void>) {}

  /**
   * Resolves when what lies in the folder now, and the way to it from the root, is beyond a loss of power. All fsyncs at once: the
   * journal's commit that one of them causes serves the others.
   */
  async keep(root: string, folder: string): Promise<void> {
    const pending = [this.fsync(folder)];
    const kept: [path: string, identity: string][] = [];
    for (let path = folder; path.length > root.length; path = dirname(path)) {
      const identity = identityOf(path);
      if (identity !== null && this.known.get(path) === identity) continue;
      pending.push(this.fsync(dirname(path)));
      // a folder of objects gets one name as a rule, and is not met again
      if (identity !== null && path !== folder) kept.push([path, identity]);
    }
    await Promise.all(pending);
    for (const entry of kept) this.remember(...entry);
  }

  private remember(path: string, identity: string): void {
    const oldest = this.known.keys().next();
    if (this.known.size >= ENTRIES_MAX && !oldest.done) this.known.delete(oldest.value);
    this.known.set(path, identity);
  }
}

/** Null for a folder that a deletion has removed meanwhile. */
function identityOf(folder: string): string | null {
  try {
    const stats: Stats = statSync(folder);
    return `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`;
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null;
    throw error;
  }
}
