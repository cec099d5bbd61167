import type { ObjectKey } from '../../../../kernel/object-key';
import type { StagedFile } from '../../../../kernel/staged-file';
import type { StagingArea } from '../../../../platform/staging/staging-area';
import type { Bytes } from '../../domain/codec';
import type { TargetStore } from '../../domain/target-store';

export interface PutDeps {
  readonly target: Pick<TargetStore, 'put'>;
  /** What goes to the target lies here first, one file of each lane: its digest goes before it. */
  readonly staging: Pick<StagingArea, 'open'>;
}

/**
 * Stores a stream under a key, whole or not at all.
 * @param judge sees the staged file first; what it throws keeps it from being stored
 * @returns the file as it was stored
 */
export async function putBytes(
  { target, staging }: PutDeps,
  key: ObjectKey,
  bytes: Bytes,
  options: { readonly signal?: AbortSignal; readonly judge?: (file: StagedFile) => void } = {},
): Promise<StagedFile> {
  const folder = await staging.open();
  try {
    const file = await folder.stage(bytes);
    options.judge?.(file);
    await target.put(key, file, 'application/octet-stream', options.signal);
    return file;
  } finally {
    await folder.remove();
  }
}

export async function* bytesOf(text: string): Bytes {
  yield new TextEncoder().encode(text);
}
