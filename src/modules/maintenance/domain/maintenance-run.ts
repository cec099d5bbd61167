/** The tasks of upkeep; each runs once at a time over all instances and the operator's commands. */
export type Task =
  | 'sweep'
  | 'audit'
  | 'scrub'
  | 'retention'
  | 'quarantine'
  | 'backup'
  | 'backup_verify'
  | 'backup_prune'
  | 'backup_drill';

/** They delete, move or call damaged, and so wait while upkeep is on hold. Of the sweep some steps wait, and others go on. */
export const HELD_TASKS: ReadonlySet<Task> = new Set<Task>(['audit', 'scrub', 'retention', 'backup_prune']);

/** ok: it came to its end. failed: it threw. stopped: it was told to end, and the next run may go on where it was. */
export type Outcome = 'ok' | 'failed' | 'stopped';

/** Numbers by name: what was looked at, found, changed. */
export type Counts = Readonly<Record<string, number>>;

export type RunId = number;

/** How a run of a task ended. */
export interface TaskReport {
  readonly runId: RunId;
  readonly task: Task;
  readonly outcome: Outcome;
  readonly dryRun: boolean;
  readonly counts: Counts;
  readonly seconds: number;
}

/** What the work of a task does with its own run. */
export interface TaskRun {
  readonly id: RunId;
  /** Under which run its findings are: its own, or the first of those that it has taken up. */
  readonly findingsRunId: RunId;
  readonly dryRun: boolean;
  /** Where the run had come that this one takes up; null: begin at the beginning. */
  readonly takenUpAt: string | null;
  readonly counts: Counts;
  /** Aborted when the task is told to stop, or has lost its lock and another may run. */
  readonly signal: AbortSignal;
  count(what: string, by?: number): void;
  /**
   * Writes counts and cursor down, and nothing else: whoever takes this run up goes on from there.
   * @param cursor null: there is nothing to be taken up
   * @throws signal.reason when it is to stop, after they are written
   */
  save(cursor: string | null): Promise<void>;
}

export interface BegunRun {
  readonly id: RunId;
  readonly findingsRunId: RunId;
  readonly counts: Counts;
  readonly cursor: string | null;
}

/** A run as it is written down. */
export interface RecordedRun {
  readonly id: RunId;
  readonly findingsRunId: RunId;
  readonly task: Task;
  readonly startedAt: Date;
  /** Null while it runs, and for ever where its process died. */
  readonly endedAt: Date | null;
  readonly outcome: Outcome | null;
  readonly dryRun: boolean;
  readonly counts: Counts;
  readonly error: string | null;
}

/** The runs of all tasks, in the database. */
export interface MaintenanceRuns {
  /**
   * Writes a new run down. Of the last run of the task that left a cursor less than a week ago, behind which none has ended well, and
   * which `takeUp` accepts, it takes cursor, counts and findings over. Whatever it takes, no earlier run has a cursor any more: what it
   * has not taken up, a later one must not.
   * @param isOfRounds however long ago it was: the place in a round does not age
   */
  begin(task: Task, dryRun: boolean, takeUp: (cursor: string) => boolean, isOfRounds?: boolean): Promise<BegunRun>;
  save(id: RunId, counts: Counts, cursor: string | null): Promise<void>;
  /**
   * @param error what it failed of, for the operator
   * @param keepsCursor by default the cursor goes when the outcome is ok
   */
  end(id: RunId, outcome: Outcome, counts: Counts, error: string | null, keepsCursor?: boolean): Promise<void>;
  /** The last run of each task and outcome, of those that have ended and did what they are for: dry runs are left out. */
  lastEnded(): Promise<RecordedRun[]>;
  /** The last runs, the newest first, of one task or of all. */
  recent(task: string | null, limit: number): Promise<RecordedRun[]>;
  /** The last run of the task. */
  last(task: Task): Promise<RecordedRun | null>;
}

/** Held until it is released, or its connection is lost: then `lost` is aborted. */
export interface TaskLock {
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface TaskLocks {
  /** @returns null where somebody else has it, in whichever process */
  tryLock(name: string): Promise<TaskLock | null>;
}

/** The task runs already: here, in another instance, or in an operator's shell. */
export class TaskIsRunning extends Error {
  override readonly name = 'TaskIsRunning';
  constructor(readonly task: string) {
    super(`${task} runs already, here or in another process: one at a time`);
  }
}
