import { Client } from 'pg';

/**
 * Whether both URLs lead to one database, whatever names, ports or poolers they go by. A physical copy of the cluster says the same of
 * itself: of it, too, the database is not for others.
 * @see PostgreSQL, 9.28.11, Control Data Functions: system_identifier is made by initdb
 */
export async function isSameDatabase(one: string, other: string): Promise<boolean> {
  return (await identityOf(one)) === (await identityOf(other));
}

async function identityOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ identity: string }>(
      `select system_identifier || '/' || (select oid from pg_database where datname = current_database()) as identity
       from pg_control_system()`,
    );
    return rows[0]?.identity ?? '';
  } finally {
    await client.end();
  }
}
