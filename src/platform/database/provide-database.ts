import type { Log } from '../../kernel/log';
import { useEmbeddedPostgres } from './embedded/embedded-postgres';

export interface DatabaseUrls {
  /** As the application. */
  readonly url: string;
  /** As the owner of the tables. */
  readonly ownerUrl: string;
  /** May make databases beside it; absent where only the operator knows such a role. */
  readonly adminUrl?: string;
  readonly embedded: boolean;
  release(): Promise<void>;
}

/** The database that the configuration names, or the embedded one under the data directory, started if nobody has. */
export async function provideDatabase(
  settings: {
    readonly DATABASE_URL?: string | undefined;
    readonly MIGRATION_DATABASE_URL?: string | undefined;
    readonly DATABASE_CA_FILE?: string | undefined;
    readonly DATA_DIR: string;
  },
  log?: Log,
): Promise<DatabaseUrls> {
  const { DATABASE_URL: url } = settings;
  if (url !== undefined) {
    const ownerUrl = settings.MIGRATION_DATABASE_URL ?? url;
    const trusting = (of: string) => trustingAuthority(of, settings.DATABASE_CA_FILE);
    return { url: trusting(url), ownerUrl: trusting(ownerUrl), embedded: false, release: () => Promise.resolve() };
  }
  const { superuserUrl: adminUrl, ...embedded } = await useEmbeddedPostgres(settings.DATA_DIR, [], log);
  return { ...embedded, adminUrl, embedded: true };
}

/** In the URL itself, under libpq's name for it: whoever is handed the URL, pg-boss or pg_dump too, verifies by the same authority. */
function trustingAuthority(url: string, caFile: string | undefined): string {
  const parsed = new URL(url);
  if (caFile === undefined || parsed.searchParams.has('sslrootcert')) return url;
  parsed.searchParams.set('sslrootcert', caFile);
  return parsed.href;
}
