import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { BackupId } from './layout';
import { type DatedBackup, daysLost, daysThatMayGo, keptBackups, type RetentionPolicy } from './retention';

const backups = fc
  .uniqueArray(fc.date({ min: new Date('2024-01-01'), max: new Date('2027-12-31'), noInvalidDate: true }), {
    maxLength: 80,
    selector: (date) => date.getTime(), // two Dates of one moment are not the same to it otherwise
  })
  .map((dates) => dates.map((snapshotAt, at): DatedBackup => ({ id: String(at) as BackupId, snapshotAt })));
const policies = fc.record({ daily: fc.nat(9), weekly: fc.nat(6), monthly: fc.nat(14) });

function sameDay(one: Date, other: Date): boolean {
  return one.toISOString().slice(0, 10) === other.toISOString().slice(0, 10);
}

function weekBegan(at: Date): string {
  const monday = new Date(at);
  monday.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7));
  return monday.toISOString().slice(0, 10);
}

describe('grandfather, father and son', () => {
  test('the newest is always kept, and never more than the policy asks for', () => {
    fc.assert(
      fc.property(backups, policies, (all, policy) => {
        const kept = keptBackups(all, policy);
        const newest = [...all].sort((a, b) => b.snapshotAt.getTime() - a.snapshotAt.getTime())[0];
        if (newest) expect(kept.has(newest.id)).toBeTrue();
        expect(kept.size).toBeLessThanOrEqual(Math.max(1, policy.daily + policy.weekly + policy.monthly));
      }),
    );
  });

  test('the last of each of the newest days, weeks and months that have one is kept, and nothing else', () => {
    fc.assert(
      fc.property(backups, policies, (all, policy) => {
        const kept = keptBackups(all, policy);
        const periods: [keyof RetentionPolicy, (at: Date) => string][] = [
          ['daily', (at) => at.toISOString().slice(0, 10)],
          ['weekly', weekBegan],
          ['monthly', (at) => at.toISOString().slice(0, 7)],
        ];
        const wanted = new Set<BackupId>();
        for (const [kind, periodOf] of periods) {
          const newestPeriods = [...new Set(all.map(({ snapshotAt }) => periodOf(snapshotAt)))].sort().reverse();
          for (const period of newestPeriods.slice(0, policy[kind])) {
            const within = all.filter(({ snapshotAt }) => periodOf(snapshotAt) === period);
            wanted.add(within.reduce((a, b) => (a.snapshotAt > b.snapshotAt ? a : b)).id);
          }
        }
        const others = [...kept].filter((id) => !wanted.has(id));
        expect(others.length).toBeLessThanOrEqual(all.length > 0 && wanted.size === 0 ? 1 : 0);
        for (const id of wanted) expect(kept.has(id)).toBeTrue();
      }),
    );
  });

  test('a year of daily backups, pruned each day, ends with what was asked for: what it keeps today it had kept before', () => {
    let held: DatedBackup[] = [];
    const policy = { daily: 7, weekly: 4, monthly: 12 };
    for (let day = 0; day < 400; day += 1) {
      const snapshotAt = new Date(Date.UTC(2025, 0, 1 + day, 1, 7));
      held = [...held, { id: String(day) as BackupId, snapshotAt }];
      const kept = keptBackups(held, policy);
      held = held.filter(({ id }) => kept.has(id));
    }
    const months = new Set(held.map(({ snapshotAt }) => snapshotAt.toISOString().slice(0, 7)));
    expect(months.size).toBe(12);
    expect(held.length).toBeGreaterThanOrEqual(7 + 2 + 10);
    const week = held.slice(-7).map(({ snapshotAt }) => snapshotAt.getUTCDate());
    expect(new Set(week).size).toBe(7);
    expect(held.filter(({ snapshotAt }) => sameDay(snapshotAt, held.at(-1)!.snapshotAt))).toHaveLength(1);
  });

  test('a prune that comes late after any pause takes no more days than may go', () => {
    const policy = { daily: 7, weekly: 4, monthly: 12 };
    const day = (at: number): DatedBackup => ({
      id: String(at) as BackupId,
      snapshotAt: new Date(Date.UTC(2025, 0, 1 + at, 1, 7)),
    });
    let held: DatedBackup[] = [];
    for (let last = 0; last < 500; last += 1) {
      held.push(day(last));
      const kept = keptBackups(held, policy);
      held = held.filter(({ id }) => kept.has(id));
      for (const pause of [1, 5, 7, 8, 30, 61, 100]) {
        const late = [...held, ...Array.from({ length: pause }, (_, at) => day(last + 1 + at))];
        const lost = daysLost(late, keptBackups(late, policy));
        expect(lost).toBeLessThanOrEqual(daysThatMayGo(late, 5, held.at(-1)?.snapshotAt ?? null));
      }
    }
    expect(daysThatMayGo(held, 5, null)).toBe(5);
  });
});
