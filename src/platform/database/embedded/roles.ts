import { Client } from 'pg';
import { APPLICATION_ROLE } from '../database';

const DATABASE = 'intellipost';
const OWNER = 'intellipost_owner';
const LOGIN = 'intellipost';

export interface EmbeddedUrls {
  /** The application's role. */
  readonly url: string;
  /** The role that owns the tables. */
  readonly ownerUrl: string;
  /** May make and drop databases. */
  readonly superuserUrl: string;
}

/** Makes the database and its two roles when they are missing. */
export async function prepareRoles(port: number, password: string): Promise<EmbeddedUrls> {
  const urlOf = (role: string, database: string) => `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
  const client = new Client({ connectionString: urlOf('postgres', 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) {
      // A start that was killed half way may have made some of them. The password is base64url: nothing in it needs quoting.
      await client.query(`do $$ begin
        if to_regrole('${APPLICATION_ROLE}') is null then create role ${APPLICATION_ROLE} nologin; end if;
        if to_regrole('${OWNER}') is null then create role ${OWNER} login password '${password}'; end if;
        if to_regrole('${LOGIN}') is null then create role ${LOGIN} login password '${password}'; end if;
        grant ${APPLICATION_ROLE} to ${OWNER}, ${LOGIN};
      end $$`);
      await client.query(`create database ${DATABASE} owner ${OWNER}`);
    }
  } finally {
    await client.end();
  }
  return {
    url: urlOf(LOGIN, DATABASE),
    ownerUrl: urlOf(OWNER, DATABASE),
    superuserUrl: urlOf('postgres', 'postgres'),
  };
}
