import { randomBytes } from 'node:crypto';
import { Client, DatabaseError } from 'pg';
import type { DatabaseUrls } from './provide-database';

export interface ScratchDatabase {
  readonly url: string;
  readonly ownerUrl: string;
  drop(): Promise<void>;
}

/** The role may make no databases. */
export class MayNotCreate extends Error {
  override readonly name = 'MayNotCreate';
}

/**
 * An empty database beside the one that is named, on the same server, as its owner's. What an earlier process has left of its own goes:
 * nobody else may be at work with one, which is for the caller to see to.
 * @throws MayNotCreate
 */
export async function createScratchDatabase(
  { url, ownerUrl, adminUrl = ownerUrl }: Pick<DatabaseUrls, 'url' | 'ownerUrl' | 'adminUrl'>,
  purpose: string,
): Promise<ScratchDatabase> {
  const prefix = `${databaseOf(ownerUrl)}_${purpose}_`;
  const name = prefix + randomBytes(4).toString('hex');
  await connected(adminUrl, async (client) => {
    for (const left of await databasesBeginning(client, prefix)) await dropDatabase(client, left);
    const owner = adminUrl === ownerUrl ? '' : ` owner ${client.escapeIdentifier(roleOf(ownerUrl))}`;
    await client.query(`create database ${client.escapeIdentifier(name)}${owner}`).catch((error: unknown) => {
      throw error instanceof DatabaseError && error.code === '42501' ? new MayNotCreate(error.message) : error;
    });
  });
  return {
    url: withDatabase(url, name),
    ownerUrl: withDatabase(ownerUrl, name),
    drop: () => connected(adminUrl, (client) => dropDatabase(client, name)),
  };
}

async function databasesBeginning(client: Client, prefix: string): Promise<string[]> {
  const { rows } = await client.query<{ datname: string }>(
    'select datname from pg_database where starts_with(datname, $1)',
    [prefix],
  );
  return rows.map(({ datname }) => datname);
}

async function dropDatabase(client: Client, name: string): Promise<void> {
  await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
}

async function connected<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

function roleOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(name)}`;
  return other.href;
}
