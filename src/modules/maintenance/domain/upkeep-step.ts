import type { Counts } from './maintenance-run';

/** One thing that a task of many does. It fails alone: what it throws is reported, and the others are still done. */
export interface UpkeepStep {
  /** For the log and the report. */
  readonly name: string;
  /** It deletes nothing of worth: a hold does not stop it. */
  readonly alsoOnHold?: true;
  /** @returns how much was done, by name @throws StepIncomplete where something is left that it could not do */
  run(signal: AbortSignal): Promise<Counts>;
}

/** A step of retention, which has an age. */
export interface RetentionStep extends UpkeepStep {
  /** In days; null: it is off, and what it is about is kept for ever. */
  readonly ageDays: number | null;
  /** How much `run` would do now, by the same names. */
  preview(): Promise<Counts>;
}

/** The step went to its end and left something undone: what it did counts, and it has failed all the same. */
export class StepIncomplete extends Error {
  override readonly name = 'StepIncomplete';
  constructor(
    message: string,
    readonly counts: Counts,
  ) {
    super(message);
  }
}

/** Some steps failed, each for the reason that the log tells; the others were done. */
export class StepsFailed extends Error {
  override readonly name = 'StepsFailed';
  constructor(
    readonly steps: readonly string[],
    readonly counts: Counts,
  ) {
    super(`failed: ${steps.join(', ')}; everything else was done`);
  }
}
