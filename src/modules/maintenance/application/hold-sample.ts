import type { MaintenanceHold } from '../domain/maintenance-hold';

const ON_HOLD = 'maintenance_on_hold';

/** What /metrics says of a hold, asked of the database when it is scraped. */
export function holdSample(holds: Pick<MaintenanceHold, 'current'>) {
  return {
    gauges: [
      {
        name: ON_HOLD,
        help: '1 while upkeep deletes nothing because an operator or a restore said so, else 0.',
        labels: [],
      },
    ],
    ask: async () => ({ [ON_HOLD]: [{ labels: {}, value: (await holds.current()) ? 1 : 0 }] }),
  };
}
