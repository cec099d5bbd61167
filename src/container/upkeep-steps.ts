import { join } from 'node:path';
import { type Counts, StepIncomplete, type UpkeepStep } from '../modules/maintenance';
import type { StorageModule } from '../modules/storage';
import { removeDeadStagingFolders } from '../platform/staging/dead-folders';

/** A copy or a multipart upload that nobody has touched for so long was left by somebody who died. */
const HALF_WRITTEN_MS = 24 * 60 * 60 * 1000;

interface Waiting {
  readonly work: { putBackDue(): Promise<number> };
  readonly prepare: { enqueueMissing(): Promise<number> };
}

/**
 * What the modules add to the sweep: each step is one line here, runs every minute, and fails alone. (The rows of the database that
 * serve nothing any more are the maintenance module's own.)
 */
export function sweepSteps(storage: StorageModule, dataDir: string): UpkeepStep[] {
  return [
    { name: 'drain', run: async (signal) => unlessLeft({ ...(await storage.sweep(signal)) }) },
    {
      name: 'held',
      run: async () => {
        const { freed, undeletable } = await storage.freeLostHeld();
        return unlessLeft({ held_freed: freed, undeletable });
      },
    },
    {
      name: 'temporary_folders',
      alsoOnHold: true,
      run: async () => ({ temporary_folders: await removeDeadStagingFolders(join(dataDir, 'tmp')) }),
    },
    {
      name: 'half_written',
      run: async () => ({
        half_written: await storage.store.removeHalfWritten(new Date(Date.now() - HALF_WRITTEN_MS)),
      }),
    },
  ];
}

/** @throws StepIncomplete where the store keeps what was to be deleted */
function unlessLeft(counts: Counts): Counts {
  if (counts.undeletable) throw new StepIncomplete(`${counts.undeletable} can’t be deleted`, counts);
  return counts;
}

/** Of products that wait: for a worker who does not come back, or for a job that they lack. */
export function productSteps({ work, prepare }: Waiting): UpkeepStep[] {
  return [
    { name: 'work', alsoOnHold: true, run: async () => ({ work_put_back: await work.putBackDue() }) },
    { name: 'prepare', alsoOnHold: true, run: async () => ({ prepares_queued: await prepare.enqueueMissing() }) },
  ];
}
