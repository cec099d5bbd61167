import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrate } from '../../src/platform/database/migrate';
import { emptyDatabase } from './postgres';

export interface ApplicationLogin {
  /** As the server: a login that is a member of the application's role, and works as it. */
  readonly app: Client;
  /** The one who migrated, and may do anything. */
  readonly owner: Client;
  drop(): Promise<void>;
}

/** A migrated database of its own, and a login as deploy/postgres/roles.sql makes it: other tests log in as one who may do anything. */
export async function applicationLogin(): Promise<ApplicationLogin> {
  const { url, drop } = await emptyDatabase();
  await migrate(url);
  const owner = new Client({ connectionString: url });
  await owner.connect();
  const [name, password] = [`test_login_${randomBytes(6).toString('hex')}`, randomBytes(12).toString('hex')];
  await owner.query(`create role ${name} login password '${password}' in role intellipost_app`);
  const address = new URL(url);
  address.username = name;
  address.password = password;
  const app = new Client({ connectionString: address.href, options: '-c role=intellipost_app' });
  await app.connect();
  return {
    app,
    owner,
    async drop() {
      await app.end();
      await owner.query(`drop role ${name}`);
      await owner.end();
      await drop();
    },
  };
}
