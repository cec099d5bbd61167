import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Database } from '../../../platform/database/database';
import type { Bytes } from '../domain/codec';
import type { Snapshot, SnapshotSource, UndigestedObject } from '../domain/snapshot';
import { objectsQuery, PADS, padsOf, undigestedQuery } from './object-queries';
import { tablesOf } from './snapshot-tables';

const PAGE = 1000;
/** For sorting the objects by name: what is more goes to disk. */
const WORK_MEM = '64MB';

export function postgresSnapshots(database: Pick<Database, 'unhurried' | 'query'>): SnapshotSource {
  return {
    async open(namingKey) {
      const client = database.unhurried('intellipost backup');
      // the statement under way fails as well; without a listener the process would end
      client.on('error', () => undefined);
      await client.connect();
      try {
        return await begin(client, namingKey);
      } catch (error) {
        await client.end();
        throw error;
      }
    },

    async learnDigests(digests) {
      if (digests.length === 0) return;
      await database.query(
        `insert into backup_digests (url, sha256)
         select url, sha256 from jsonb_to_recordset($1::jsonb) as d(url text, sha256 text) on conflict do nothing`,
        [JSON.stringify(digests)],
      );
    },

    async forgetDigests() {
      await database.query(`delete from backup_digests d where not exists (
        select 1 from product_images i where i.processed_s3_url collate "C" = d.url and i.processed_s3_url is not null)`);
    },
  };
}

async function begin(client: Client, namingKey: Uint8Array | null): Promise<Snapshot> {
  await client.query('begin transaction isolation level repeatable read read only');
  await client.query(`set local work_mem = '${WORK_MEM}'`);
  if (namingKey) {
    const { inner, outer } = padsOf(namingKey);
    const set = 'select set_config($1, $2, true), set_config($3, $4, true)';
    await client.query(set, [PADS.inner, inner, PADS.outer, outer]);
  }
  const facts = await factsOf(client);
  const tables = await tablesOf(client);
  return {
    facts,
    tables,
    sequences: await sequencesOf(client),
    rows(name) {
      const table = tables.find((each) => each.name === name);
      if (!table) throw new TypeError(`no table ${name}`);
      return copied(client, `select ${table.columns.map((column) => `"${column}"`).join(', ')} from "${name}"`);
    },
    objects: () => copied(client, objectsQuery(namingKey !== null)),
    undigested: () => pagesOf(client),
    close: () => client.end(),
  };
}

async function* copied(client: Client, query: string): Bytes {
  yield* client.query(copyTo(`copy (${query}) to stdout`));
}

/** What was committed before the transaction's beginning is in it. */
async function factsOf(client: Client): Promise<Snapshot['facts']> {
  const { rows } = await client.query<{ at: Date; version: string; last: string; n: number }>(
    `select now() as at, current_setting('server_version') as version, max(created_at)::text as last, count(*)::int as n
     from drizzle.__drizzle_migrations`,
  );
  const [{ at, version, last, n } = { at: new Date(), version: '', last: '0', n: 0 }] = rows;
  return { snapshotAt: at, serverVersion: version, schema: { lastMigration: Number(last), migrations: n } };
}

async function sequencesOf(client: Client): Promise<Snapshot['sequences']> {
  const { rows } = await client.query<{ name: string; last: string | null }>(
    `select sequencename as name, last_value::text as last from pg_sequences where schemaname = 'public' order by 1`,
  );
  return rows.map(({ name, last }) => ({ name, lastValue: last === null ? null : Number(last) }));
}

async function* pagesOf(client: Client): AsyncGenerator<UndigestedObject> {
  await client.query(`declare undigested no scroll cursor for ${undigestedQuery}`);
  for (;;) {
    const { rows } = await client.query<UndigestedObject>(`fetch ${PAGE} from undigested`);
    if (rows.length === 0) return;
    yield* rows;
  }
}
