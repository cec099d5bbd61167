import type { BackupId } from './layout';

/** Grandfather, father and son: of so many days, weeks and months that have a backup, the last one of each is kept. */
export interface RetentionPolicy {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

export interface DatedBackup {
  readonly id: BackupId;
  /** What it is of. */
  readonly snapshotAt: Date;
}

const DAY_MS = 86_400_000;

/** Periods of UTC; weeks begin on Monday. @returns by the period's name which backup is kept for it */
const PERIODS: Record<keyof RetentionPolicy, (at: Date) => string> = {
  daily: (at) => at.toISOString().slice(0, 10),
  weekly: (at) => String(Math.floor((at.getTime() / DAY_MS + 3) / 7)),
  monthly: (at) => at.toISOString().slice(0, 7),
};

/** The newest is kept whatever the policy says. */
export function keptBackups(backups: readonly DatedBackup[], policy: RetentionPolicy): Set<BackupId> {
  const newestFirst = sorted(backups);
  const kept = new Set<BackupId>(newestFirst.slice(0, 1).map(({ id }) => id));
  for (const kind of ['daily', 'weekly', 'monthly'] as const) {
    const lastOf = new Map<string, BackupId>();
    for (const { id, snapshotAt } of newestFirst) {
      const period = PERIODS[kind](snapshotAt);
      if (!lastOf.has(period)) lastOf.set(period, id);
    }
    for (const id of [...lastOf.values()].slice(0, policy[kind])) kept.add(id);
  }
  return kept;
}

export function newestOf(backups: readonly DatedBackup[]): DatedBackup | undefined {
  return sorted(backups)[0];
}

/** How many days have a backup, and none of those that are kept. */
export function daysLost(backups: readonly DatedBackup[], kept: ReadonlySet<BackupId>): number {
  const days = (of: readonly DatedBackup[]) => new Set(of.map(({ snapshotAt }) => PERIODS.daily(snapshotAt)));
  return days(backups).difference(days(backups.filter(({ id }) => kept.has(id)))).size;
}

/**
 * How many days may lose their backups at once: a prune that comes late finds the days that were made in the meantime, and as many older
 * ones make room for them. A policy that is mistyped takes no more for that.
 * @param maxDays where it comes every day
 * @param lastPrunedAt null where that is not known
 */
export function daysThatMayGo(backups: readonly DatedBackup[], maxDays: number, lastPrunedAt: Date | null): number {
  if (lastPrunedAt === null) return maxDays;
  const since = backups.filter(({ snapshotAt }) => snapshotAt > lastPrunedAt);
  return maxDays + Math.max(0, daysLost(since, new Set()) - 1);
}

function sorted(backups: readonly DatedBackup[]): DatedBackup[] {
  return [...backups].sort((a, b) => b.snapshotAt.getTime() - a.snapshotAt.getTime() || (a.id < b.id ? 1 : -1));
}
