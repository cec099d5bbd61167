import type { PoolClient } from 'pg';
import type { Database } from '../../../platform/database/database';
import type { TaskLocks } from '../domain/maintenance-run';

/**
 * Advisory locks of a session: gone with the connection, so that a killed process leaves none behind. Each holds a connection of the
 * pool for as long as its task runs.
 * @see PostgreSQL, 13.3.5, Advisory Locks
 */
export function postgresTaskLocks(database: Pick<Database, 'connect'>): TaskLocks {
  return {
    async tryLock(name) {
      const client = await database.connect();
      const lost = new AbortController();
      const onError = () => lost.abort(new Error('the connection that held the lock of the task was lost'));
      client.on('error', onError);
      const giveBack = (isBroken: boolean) => {
        // stays where it is broken: without a listener, one more error would end the process
        if (!isBroken) client.off('error', onError);
        client.release(isBroken);
      };
      try {
        if (await ask(client, 'pg_try_advisory_lock', name)) {
          return { lost: lost.signal, release: () => unlock(client, name, giveBack) };
        }
        giveBack(false);
        return null;
      } catch (error) {
        giveBack(true);
        throw error;
      }
    },
  };
}

/** A lock that can't be given back goes with its connection. */
async function unlock(client: PoolClient, name: string, giveBack: (isBroken: boolean) => void): Promise<void> {
  const isUnlocked = await ask(client, 'pg_advisory_unlock', name).catch(() => false);
  giveBack(!isUnlocked);
}

async function ask(client: PoolClient, what: string, name: string): Promise<boolean> {
  const { rows } = await client.query<{ done: boolean }>(`select ${what}(hashtextextended($1, 0)) as done`, [
    `intellipost maintenance ${name}`,
  ]);
  return rows[0]?.done === true;
}
