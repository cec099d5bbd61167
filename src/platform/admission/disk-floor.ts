import { statfsSync } from 'node:fs';
import { AppError } from '../../kernel/app-error';

/**
 * Refuses what would leave less than the floor free on the disk of temporary files: a full disk also stops whoever else needs it, the
 * embedded database first.
 * In place: the call takes some microseconds, a hop to another thread more.
 * @see statfs(2)
 */
export function diskFloor(folder: string, floorBytes: number, refused: () => void): (bytes: number) => void {
  return (bytes) => {
    if (floorBytes === 0) return;
    const { bavail, bsize, blocks } = statfsSync(folder);
    // some file systems do not say
    if (blocks === 0 || bavail * bsize - bytes >= floorBytes) return;
    refused();
    throw new AppError('OVERLOADED', 'There is no room for it now; see Retry-After.', { retryAfterSeconds: 30 });
  };
}
