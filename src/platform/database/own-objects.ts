import { readMigrationFiles } from 'drizzle-orm/migrator';
import { MIGRATIONS_FOLDER } from './migrate';

/** What the migrations of this code have ever made, under whichever of its versions. */
export interface OwnObjects {
  /** Of the migrations, as the migrator writes them down. */
  readonly hashes: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
}

/** Read from the migrations themselves, so that no list of names has to be kept beside them. */
export function ownObjects(): OwnObjects {
  const files = readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER });
  const text = files.flatMap(({ sql }) => sql).join('\n');
  const made = (what: RegExp) => new Set([...text.matchAll(what)].map(([, name = '']) => name));
  return {
    hashes: new Set(files.map(({ hash }) => hash)),
    tables: made(/create table (?:if not exists )?(?:public\.)?"?(\w+)/gi),
    functions: made(/create (?:or replace )?function (?:public\.)?"?(\w+)/gi),
  };
}
