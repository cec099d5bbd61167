import { type EmbeddedPostgres, useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import { RUNTIME } from './runtime';
import { type ServerProcess, startServerProcess } from './server-process';

export interface App extends ServerProcess {
  /** Who has just registered. */
  readonly sellerId: string;
  /** The seller's. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * This app with the database given (default: an embedded PostgreSQL with its usual durability, under `dataDir`), as it runs in
 * earnest: every log line written, to nowhere.
 * @param bunFlags such as `--cpu-prof`
 */
export async function startApp(
  dataDir: string,
  environment: Readonly<Record<string, string>> = {},
  bunFlags: readonly string[] = [],
): Promise<App> {
  const postgres = environment.DATABASE_URL === undefined ? await useEmbeddedPostgres(dataDir) : null;
  const database = postgres ? { DATABASE_URL: postgres.url, MIGRATION_DATABASE_URL: postgres.ownerUrl } : {};
  // long-lived, because a run may take longer than an access token lives by default
  const lasting = { ACCESS_TOKEN_TTL_SECONDS: '86400' };
  // `bench prepare` measures what preparing costs; everywhere else it would be measured with what it is not
  const alone = { PREPARE_CONCURRENCY: '0' };
  const settings = { DATA_DIR: dataDir, ...RUNTIME, ...lasting, ...alone, ...database, ...environment };
  try {
    const server = await startServerProcess([...bunFlags, 'src/main.ts'], '/readyz', settings);
    const seller = await registerSeller(server.url);
    const headers = { authorization: `Bearer ${seller.access_token}` };
    return { ...server, sellerId: seller.user.id, headers, stop: async () => await stopBoth(server, postgres) };
  } catch (error) {
    await postgres?.release();
    throw error;
  }
}

async function stopBoth(server: ServerProcess, postgres: EmbeddedPostgres | null): Promise<void> {
  await server.stop();
  await postgres?.release();
}

async function registerSeller(url: string): Promise<{ access_token: string; user: { id: string } }> {
  const answer = await fetch(`${url}/api/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `bench-${Bun.randomUUIDv7()}@example.com`, password: 'a long bench password' }),
  });
  if (!answer.ok) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Awaited<ReturnType<typeof registerSeller>>;
}
