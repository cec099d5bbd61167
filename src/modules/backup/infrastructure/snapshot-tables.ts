import type { ClientBase } from 'pg';

/** What a restored database begins without. A table that is not here is backed up, also one that was added yesterday. */
const EXCLUDED = [
  // live for seconds
  'realtime_tickets',
  // name objects that nothing else names; they are not backed up, and those of a bucket that is kept the audit finds
  'quarantined_objects',
  // of this database and this moment alone
  'backup_pins',
];

interface TableOfCatalog {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
}

/** All tables of the application, those that others refer to first. What is unlogged is not meant to outlive anything. */
export async function tablesOf(client: Pick<ClientBase, 'query'>): Promise<TableOfCatalog[]> {
  const { rows: tables } = await client.query<TableOfCatalog>(
    `select c.relname as name, greatest(c.reltuples, 0)::float8 as rows, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where n.nspname = 'public' and c.relkind = 'r' and c.relpersistence = 'p' and c.relname <> all ($1)
     group by c.oid order by c.relname`,
    [EXCLUDED],
  );
  const { rows: references } = await client.query<{ child: string; parent: string }>(
    `select child.relname as child, parent.relname as parent from pg_constraint k
     join pg_class child on child.oid = k.conrelid join pg_class parent on parent.oid = k.confrelid
     where k.contype = 'f' and k.conrelid <> k.confrelid`,
  );
  return parentsFirst(tables, references);
}

function parentsFirst(
  tables: readonly TableOfCatalog[],
  references: readonly { child: string; parent: string }[],
): TableOfCatalog[] {
  const byName = new Map(tables.map((table) => [table.name, table]));
  const ordered = new Set<TableOfCatalog>();
  const visit = (table: TableOfCatalog, path: readonly string[]): void => {
    if (path.includes(table.name)) throw new Error(`tables refer to each other in a circle: ${path.join(', ')}`);
    for (const { parent } of references.filter(({ child }) => child === table.name)) {
      const referred = byName.get(parent);
      if (referred) visit(referred, [...path, table.name]);
    }
    ordered.add(table);
  };
  for (const table of tables) visit(table, []);
  return [...ordered];
}
