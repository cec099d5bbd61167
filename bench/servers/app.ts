import { type EmbeddedPostgres, useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import type { Headers } from '../load/jobs';
import { RUNTIME } from './runtime';
import { type ServerProcess, startServerProcess } from './server-process';

export interface App extends ServerProcess {
  /** Who has just registered. */
  readonly sellerId: string;
  /** The seller's. */
  readonly headers: Headers;
  /** Of eight sellers, who is above among them: products of one are committed one after the other, and a store has many. */
  readonly sellers: readonly Headers[];
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
    const others = await Promise.all(Array.from({ length: SELLERS - 1 }, () => registerSeller(server.url)));
    const headers = headersOf(seller);
    const sellers = [headers, ...others.map(headersOf)];
    return {
      ...server,
      sellerId: seller.user.id,
      headers,
      sellers,
      stop: async () => await stopBoth(server, postgres),
    };
  } catch (error) {
    await postgres?.release();
    throw error;
  }
}

const SELLERS = 8;
const headersOf = (seller: Registered): Headers => ({ authorization: `Bearer ${seller.access_token}` });

async function stopBoth(server: ServerProcess, postgres: EmbeddedPostgres | null): Promise<void> {
  await server.stop();
  await postgres?.release();
}

interface Registered {
  readonly access_token: string;
  readonly user: { readonly id: string };
}

async function registerSeller(url: string): Promise<Registered> {
  const answer = await fetch(`${url}/api/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `bench-${Bun.randomUUIDv7()}@example.com`, password: 'a long bench password' }),
  });
  if (!answer.ok) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Registered;
}
