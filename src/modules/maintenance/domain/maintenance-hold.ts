/** Since when upkeep deletes nothing, and why. */
export interface Hold {
  readonly reason: string;
  readonly heldAt: Date;
}

/** One row of the database: it holds for every instance and every operator's command, from its commit on. */
export interface MaintenanceHold {
  /** Null where upkeep may act. */
  current(): Promise<Hold | null>;
  /** @returns the hold that is in force: an earlier one stays, with its reason */
  place(reason: string): Promise<Hold>;
  /** @returns what was lifted; null where nothing was */
  lift(): Promise<Hold | null>;
}

/** The task deletes or moves things, and may not. */
export class MaintenanceOnHold extends Error {
  override readonly name = 'MaintenanceOnHold';
  constructor({ reason, heldAt }: Hold) {
    super(
      `maintenance is on hold since ${heldAt.toISOString()} (${reason}): \`bun run cli maintenance resume\` ends that`,
    );
  }
}
