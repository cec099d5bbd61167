import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import type { OpenBackup } from '../../src/modules/backup';
import type { LoadedTable, RestoreRun } from '../../src/modules/backup/domain/restore';
import { restoredDatabase } from '../../src/modules/backup/infrastructure/restore/restored-database';
import { knownSchemaVersions, migrateUpTo, schemaState } from '../../src/platform/database/migrate';
import { photo } from '../support/photos';
import { type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { aSeller } from '../support/seller-client';

// Backups of earlier versions, and what only the database's own rules can tell of rows.

/** 0015_backup_pin_rules: the first one that backups can be made of. */
const EARLIER = knownSchemaVersions()[15] ?? 0;
/** 0023_runs_and_their_findings: the first one in which this code can write down that it makes a backup. */
const EARLIER_OF_THIS_CODE = knownSchemaVersions()[23] ?? 0;
let kit: RecoveryKit;

beforeAll(async () => {
  kit = await recoveryKit();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(() => kit.loseDatabase());

const lastMigration = async () =>
  Number(
    (await kit.sql<{ at: string }>('select max(created_at)::text as at from drizzle.__drizzle_migrations'))[0]?.at,
  );

/** A restore into the kit's database that has begun. */
async function begun() {
  const database = restoredDatabase(kit.url, () => 0);
  const run = newId<RestoreRun>();
  const progress = { phase: 'begun', place: 'here', bucketWasEmpty: true, isRehearsal: false } as const;
  await database.begin({ run, backupId: crypto.randomUUID() as never, ...progress });
  return { database, run };
}

describe('a backup of an earlier schema', () => {
  test('is loaded into that one, and only then migrated on', async () => {
    const { database, run } = await begun();
    await database.load(run, EARLIER, [], []);
    expect(await lastMigration()).toBe(EARLIER);
    expect(await kit.sql("select to_regclass('public.maintenance_hold') as later")).toEqual([{ later: null }]);
    await database.migrateOn();
    expect(await schemaState(async (sql) => ({ rows: await kit.sql(sql) }))).toBe('current');
  }, 60_000);

  test('comes back whole', async () => {
    await migrateUpTo(kit.url, EARLIER_OF_THIS_CODE);
    await kit.sql(
      'grant usage on schema drizzle to intellipost_app; grant select on drizzle.__drizzle_migrations to intellipost_app',
    );
    await kit.sql(
      "insert into users (id, email, password_hash, role) values (gen_random_uuid(), 'earlier@example.com', 'x', 'seller')",
    );
    await kit.sql('insert into seller_ledger (user_id, last_event) select id, 41 from users');
    await kit.withContainer(async ({ backup }) => (await backup.parts()).create());
    await kit.loseDatabase();
    await kit.cli(['backup', 'restore']);
    expect(await lastMigration()).toBe(Math.max(...knownSchemaVersions()));
    expect(
      await kit.sql(
        'select email, last_event = event_floor as leapt from users join seller_ledger on user_id = users.id',
      ),
    ).toEqual([{ email: 'earlier@example.com', leapt: true }]);
  }, 60_000);
});

describe('rows that no trigger looked at', () => {
  let backup: OpenBackup;
  beforeAll(async () => {
    await kit.loseDatabase();
    await kit.cli(['migrate']);
    const server = await kit.start();
    await (await aSeller(server)).upload([await photo({ seed: 1 }), await photo({ seed: 2 })]);
    await server.stop();
    await kit.cli(['backup', 'create']);
    backup = await kit.withContainer(async (container) => {
      const { list, open } = await container.backup.reading();
      return await open((await list()).at(-1)!.id);
    });
  }, 60_000);

  /** The tables of the backup, with one column of images changed. */
  function tables(change: (isPrimary: string) => string): LoadedTable[] {
    return backup.manifest.tables.map(({ name, columns, lines }) => ({
      name,
      columns,
      lines,
      async *rows() {
        const text = Buffer.concat(await Array.fromAsync(backup.rows(name))).toString();
        const at = name === 'product_images' ? columns.indexOf('is_primary') : -1;
        const changed = text.replace(/[^\n]+/g, (line) =>
          line
            .split('\t')
            .map((cell, index) => (index === at ? change(cell) : cell))
            .join('\t'),
        );
        yield new TextEncoder().encode(changed);
      },
    }));
  }

  test('are loaded where each product has one primary image, and refused where one has none', async () => {
    const { database, run } = await begun();
    const { lastMigration: version } = backup.manifest.schema;
    await expect(
      database.load(
        run,
        version,
        tables(() => 'f'),
        [],
      ),
    ).rejects.toThrow('table product_images has 1 products without exactly one primary');
    expect(await kit.sql('select count(*)::int as n from products')).toEqual([{ n: 0 }]);
    await database.load(
      run,
      version,
      tables((isPrimary) => isPrimary),
      [],
    );
    expect(await kit.sql('select count(*)::int as n from product_images where is_primary')).toEqual([{ n: 1 }]);
  }, 60_000);
});
