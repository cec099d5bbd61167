import type { Log } from '../../../kernel/log';
import { type MaintenanceHold, MaintenanceOnHold } from '../domain/maintenance-hold';

const LOOKS_EVERY_MS = 1_000;

export interface UntilHeld {
  /** Aborted with MaintenanceOnHold within a second of the hold. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** Looks, while a task is at work, whether somebody has put upkeep on hold. A database that does not answer is not taken for one. */
export function untilHeld(holds: Pick<MaintenanceHold, 'current'>, log: Log, everyMs = LOOKS_EVERY_MS): UntilHeld {
  const held = new AbortController();
  const look = async () => {
    const hold = await holds.current();
    if (hold) held.abort(new MaintenanceOnHold(hold));
  };
  const timer = setInterval(
    () => void look().catch((err: unknown) => log.warn({ err }, 'a hold of maintenance could not be looked for')),
    everyMs,
  );
  return { signal: held.signal, stop: () => clearInterval(timer) };
}
