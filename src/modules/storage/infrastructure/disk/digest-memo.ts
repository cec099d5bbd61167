import type { BigIntStats } from 'node:fs';
import type { Sha256 } from '../../../../kernel/sha256';
import { digestFile } from './durability';

/** Those of some five hundred products: who asks has written them a moment ago, as a rule. 2 MB, which an hour of uploads fills. */
const ENTRIES_MAX = 4_000;

/**
 * The sha-256 of objects, read from their bytes when first asked for and then remembered by inode.
 *
 * There is no file beside the object that tells its digest: such a file would be a second write to fsync for every put, could
 * be lost or disagree with the bytes after a crash, and its name could collide with a key. The bytes can't disagree with
 * themselves. Objects are write-once, so (inode, size, mtime) names bytes as long as nobody edits the folder by hand.
 */
export class DigestMemo {
  private readonly known = new Map<string, Promise<Sha256>>();

  of(path: string, stats: BigIntStats): Promise<Sha256> {
    const name = inodeName(stats);
    const known = this.known.get(name);
    if (known) return known;
    const digest = digestFile(path).then(({ sha256 }) => sha256);
    this.remember(name, digest);
    digest.catch(() => this.known.delete(name));
    return digest;
  }

  learn(stats: BigIntStats, sha256: Sha256): void {
    this.remember(inodeName(stats), Promise.resolve(sha256));
  }

  private remember(name: string, digest: Promise<Sha256>): void {
    const oldest = this.known.keys().next();
    if (this.known.size >= ENTRIES_MAX && !oldest.done) this.known.delete(oldest.value);
    this.known.set(name, digest);
  }
}

/** Without ctime: link() and unlink() of another name change it. */
function inodeName(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}
