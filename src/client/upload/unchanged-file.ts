import type { AnnouncedFile } from './send-file';
import { sha256Of } from './sha256';
import { UploadFailed } from './upload-failed';

/**
 * Whether a PUT failed by the file itself: a page is told no more of it than of a lost connection.
 * @throws UploadFailed FILE_CHANGED: it can no longer be read, or its bytes are others than those that were announced
 */
export async function requireUnchanged({ index, blob, sha256 }: Omit<AnnouncedFile, 'imageId'>): Promise<void> {
  const changed = (message: string, cause?: unknown) =>
    new UploadFailed([{ index, problem: 'FILE_CHANGED', message }], { cause });
  const now = await sha256Of(blob).catch((cause) => {
    throw changed(`it can no longer be read: ${cause instanceof Error ? cause.message : cause}`, cause);
  });
  if (now !== sha256) throw changed('it is no longer what was announced');
}
