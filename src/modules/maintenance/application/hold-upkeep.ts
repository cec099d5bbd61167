import type { Hold, MaintenanceHold } from '../domain/maintenance-hold';
import { HELD_TASKS, type TaskLocks } from '../domain/maintenance-run';
import { exclusively } from './exclusively';

export interface HoldUpkeepDeps {
  readonly holds: Pick<MaintenanceHold, 'place'>;
  readonly locks: TaskLocks;
}

/**
 * Puts upkeep on hold, and returns when no task that was under way goes on: each has met the hold, or has ended.
 * @throws TaskIsRunning where one is still at work after half a minute; the hold is in force all the same
 */
export const holdUpkeep =
  ({ holds, locks }: HoldUpkeepDeps) =>
  async (reason: string): Promise<Hold> => {
    const hold = await holds.place(reason);
    for (const task of [...HELD_TASKS, 'sweep', 'quarantine']) await exclusively(locks, task)(() => Promise.resolve());
    return hold;
  };
