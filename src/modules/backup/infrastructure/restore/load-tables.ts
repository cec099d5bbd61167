import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from } from 'pg-copy-streams';
import { BackupDamaged } from '../../domain/backup-faults';
import type { SequenceState } from '../../domain/manifest';
import type { LoadedTable } from '../../domain/restore';

/**
 * Within a transaction of the owner's. User triggers are off, because what they would write is in the backup too; foreign keys are on,
 * and so are all other constraints.
 * @throws BackupDamaged
 */
export async function loadTables(client: Client, tables: readonly LoadedTable[]): Promise<void> {
  for (const { name } of tables) await client.query(`alter table public.${quoted(name)} disable trigger user`);
  for (const table of tables) await loadTable(client, table);
  for (const { name } of tables) await client.query(`alter table public.${quoted(name)} enable trigger user`);
  await requireOnePrimary(client);
}

async function loadTable(client: Client, { name, columns, lines, rows }: LoadedTable): Promise<void> {
  const into = `public.${quoted(name)} (${columns.map(quoted).join(', ')})`;
  const copy = client.query(from(`copy ${into} from stdin`));
  await pipeline(Readable.from(rows()), copy);
  if (copy.rowCount !== lines)
    throw new BackupDamaged(`table ${name}`, `has ${copy.rowCount} rows, and the manifest says ${lines}`);
}

/** A constraint trigger holds it for everybody else; it was off. */
async function requireOnePrimary(client: Client): Promise<void> {
  const { rows } = await client.query<{ n: number }>(`
    select count(*)::int as n from (
      select from public.product_images group by product_id having count(*) filter (where is_primary) <> 1) wrong`);
  if (rows[0]?.n !== 0)
    throw new BackupDamaged('table product_images', `has ${rows[0]?.n} products without exactly one primary`);
}

export async function setSequences(client: Client, sequences: readonly SequenceState[]): Promise<void> {
  for (const { name, lastValue } of sequences) {
    if (lastValue !== null)
      await client.query('select setval($1::regclass, $2)', [`public.${quoted(name)}`, lastValue]);
  }
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
