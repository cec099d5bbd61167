import { type Client, DatabaseError } from 'pg';
import { RESTORE_LOCK } from '../../../../platform/database/restore-marker';
import { RestoreRefused, RunLost } from '../../domain/restore-refused';
import { asOwner } from './owner-connection';

/** A restore that was killed just now may hold the lock for a moment still, and a server that has stopped its connections. */
const PATIENCE_MS = 3_000;
const ASKED_EVERY_MS = 100;
/** PostgreSQL, Appendix A: lock_not_available */
const NOT_AVAILABLE = '55P03';

/**
 * Holds the lock of restores on a connection of its own: gone with it, so that a process that was killed leaves none behind.
 * @param ownConnections of this very process, by its pool
 * @throws RestoreRefused
 */
export function alone<Result>(
  ownerUrl: string,
  ownConnections: () => number,
  work: (lost: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return asOwner(ownerUrl, async (client) => {
    const lost = new AbortController();
    const toldOnce = () =>
      lost.abort(new RunLost('the connection that kept others out of the database was lost: repeat it'));
    client.on('error', toldOnce);
    client.on('end', toldOnce);
    await takeLock(client);
    // servers look for the lock before they begin: from now on none comes
    if (!(await isLeft(client, ownConnections)))
      throw new RestoreRefused('servers are connected to the database: stop all of them first');
    return await work(lost.signal);
  });
}

async function takeLock(client: Client): Promise<void> {
  await client.query(`set lock_timeout = ${PATIENCE_MS}`);
  try {
    await client.query('select pg_advisory_lock($1)', [RESTORE_LOCK]);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === NOT_AVAILABLE)
      throw new RestoreRefused('another restore is at work in this database');
    throw error;
  }
}

async function isLeft(client: Client, ownConnections: () => number): Promise<boolean> {
  const until = Date.now() + PATIENCE_MS;
  while (await isInUse(client, ownConnections())) {
    if (Date.now() > until) return false;
    await Bun.sleep(ASKED_EVERY_MS);
  }
  return true;
}

/** Servers have a connection that listens for as long as they run; what else works with the application's pool counts too. */
async function isInUse(client: Client, own: number): Promise<boolean> {
  const { rows } = await client.query<{ of_servers: number; of_pools: number }>(`
    select count(*) filter (where application_name in ('intellipost-events', 'intellipost migrate'))::int as of_servers,
      count(*) filter (where application_name = 'intellipost')::int as of_pools
    from pg_stat_activity where datname = current_database()`);
  const [{ of_servers, of_pools } = { of_servers: 0, of_pools: 0 }] = rows;
  return of_servers > 0 || of_pools > own;
}
