import { Client } from 'pg';
import { GIVEN_UP_BY_SERVER, KEPT_ALIVE } from '../../../../platform/database/database';

/** Shown in `pg_stat_activity`; nobody else has it. */
const NAME = 'intellipost restore';

/** The statement that meets a broken connection throws. Without a listener the same event would end the process. */
const toldByTheStatement = () => undefined;

/** One connection as the role that owns the tables, without limits of time: it loads for hours. */
export async function asOwner<Result>(ownerUrl: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({
    connectionString: ownerUrl,
    application_name: NAME,
    ...KEPT_ALIVE,
    options: GIVEN_UP_BY_SERVER.join(' '),
  });
  client.on('error', toldByTheStatement);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(toldByTheStatement);
  }
}

/** @throws what the work throws, after a rollback */
export async function inOneTransaction<Result>(client: Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(toldByTheStatement);
    throw error;
  }
}
