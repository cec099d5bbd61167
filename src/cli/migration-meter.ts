import type { MigrationProgress, MigrationReport } from '../modules/storage';

const EVERY_MS = 2_000;

/** Says how far a migration has come, every two seconds, and at its end what it did. */
export class MigrationMeter {
  private readonly startedAt: number;
  private shownAt: number;

  /** @param now milliseconds that only grow */
  constructor(
    private readonly print: (line: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.startedAt = now();
    this.shownAt = this.startedAt;
  }

  show({ done, total, copiedBytes }: MigrationProgress): void {
    const now = this.now();
    if (now - this.shownAt < EVERY_MS) return;
    this.shownAt = now;
    const seconds = (now - this.startedAt) / 1000;
    const objects = total === null ? `${done} objects` : `${done} of ${total} objects`;
    const left =
      total === null ? '' : `, about ${Math.ceil(Math.max(0, ((total - done) * seconds) / done) / 60)} min left`;
    this.print(`${objects}, ${megabytes(copiedBytes)} copied, ${megabytes(copiedBytes / seconds)}/s${left}`);
  }

  end({ copied, copiedBytes, present, gone, problems, unnamed, pruned }: MigrationReport): void {
    this.print(
      `Copied ${copied} objects (${megabytes(copiedBytes)}); ${present} were there already, ${gone} have been deleted meanwhile, ${problems} could not be copied.`,
    );
    if (unnamed === 0) return;
    const done = pruned > 0 ? 'and were deleted there' : 'and can be deleted there with --prune';
    this.print(`${unnamed} objects on the target have been deleted here since they were copied, ${done}.`);
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
