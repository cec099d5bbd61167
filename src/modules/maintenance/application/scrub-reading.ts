import { isAppError } from '../../../kernel/app-error';
import type { ObjectKey } from '../../../kernel/object-key';
import { areBroken, type ObjectDigests, ObjectGone, type StoredObject } from '../domain/scrub';

/**
 * - `broken`: its medium does not give the bytes back, though the store answers: they are as good as gone
 * - `unreadable`: the store answers, but not for this object. That is no proof of damage
 */
export type Verdict = 'right' | 'wrong' | 'missing' | 'broken' | 'unreadable';

export interface Reading {
  readonly verdict: Verdict;
  readonly sizeBytes: number;
}

export interface ReadingDeps {
  readonly digests: ObjectDigests;
  /** @throws for a bucket that nobody knows */
  keyOf(url: string): ObjectKey;
}

/** Reads every byte and compares. @throws AppError STORAGE_UNAVAILABLE where the whole store is away */
export async function readingOf({ digests, keyOf }: ReadingDeps, { url, sha256 }: StoredObject): Promise<Reading> {
  const key = keyIn(keyOf, url);
  if (key === null) return { verdict: 'unreadable', sizeBytes: 0 };
  try {
    const read = await digests.read(key);
    const expected = sha256 ?? (await digests.look(key))?.promised ?? null;
    return { verdict: expected === null || expected === read.sha256 ? 'right' : 'wrong', sizeBytes: read.sizeBytes };
  } catch (error) {
    const isGone = error instanceof ObjectGone;
    if (!isGone && !isAppError(error, 'STORAGE_UNAVAILABLE')) throw error;
    await digests.check();
    if (isGone) return { verdict: 'missing', sizeBytes: 0 };
    return { verdict: areBroken(error) ? 'broken' : 'unreadable', sizeBytes: 0 };
  }
}

/** Null for a bucket that nobody knows: one such row must not end every run at its place. */
function keyIn(keyOf: ReadingDeps['keyOf'], url: string): ObjectKey | null {
  try {
    return keyOf(url);
  } catch {
    return null;
  }
}
