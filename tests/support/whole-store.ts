import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { S3Client } from 'bun';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { TestDatabase } from './postgres';
import type { Environment } from './server';

/** Objects as they lie in the store, read past this software. */
export interface StoredObjects {
  list(): Promise<Map<string, number>>;
  read(key: string): Promise<Uint8Array>;
  /** An object that this software knows nothing of. */
  put(key: string, content: string): Promise<void>;
}

export interface WholeStoreDeps {
  readonly db: Pick<TestDatabase, 'sql'>;
  readonly objects: StoredObjects;
  readonly dataDir: string;
  /** Of each living process on this data folder one, and empty. */
  readonly stagingFolders: number;
  /** Whether every object is read and hashed; else sizes are compared. */
  readonly deep: boolean;
}

/** Everything in which database, store and folders disagree; empty lists and nothing else where the store is whole. */
export interface Disagreements {
  readonly rowsWithoutObject: string[];
  /** Neither a row nor an open intent names them. */
  readonly objectsWithoutRow: string[];
  readonly wrongBytes: string[];
  readonly productsWithoutImage: string[];
  /** Open or draining intents of uploads that are over; direct uploads may wait for their client. */
  readonly unsettledIntents: string[];
  readonly temporary: string[];
}

type NamedRow = { key: string; size: number | null; sha256: string | null };

/** Reads both sides whole and compares them both ways. Nothing may be under way. */
export async function wholeStore(deps: WholeStoreDeps): Promise<Disagreements> {
  const { db, objects, deep } = deps;
  const rows = await namedRows(db);
  const stored = await objects.list();
  const waiting = await column(db, "select prefix as text from intents where state = 'open' and kind = 'direct'");
  const present = rows.filter(({ key }) => stored.has(key));
  const wrong: string[] = [];
  for (const row of present) if (!(await isRight(row, stored.get(row.key), objects, deep))) wrong.push(row.key);
  const named = new Set(rows.map(({ key }) => key));
  return {
    rowsWithoutObject: rows.filter(({ key }) => !stored.has(key)).map(({ key }) => key),
    objectsWithoutRow: [...stored.keys()].filter(
      (key) => !named.has(key) && !waiting.some((prefix) => key.startsWith(prefix)),
    ),
    wrongBytes: wrong,
    productsWithoutImage: await column(
      db,
      'select id::text as text from products p where not exists (select 1 from product_images i where i.product_id = p.id)',
    ),
    unsettledIntents: await column(
      db,
      "select kind || ' ' || state || ' ' || prefix as text from intents where state = 'draining' or (state = 'open' and kind <> 'direct')",
    ),
    temporary: await temporaryFiles(deps),
  };
}

/** The bucket goes away: the disk store's rows carry one too. */
const KEY = "substring(%s from '^s3://[^/]+/(.*)$') as key";

function namedRows(db: WholeStoreDeps['db']): Promise<NamedRow[]> {
  const key = (url: string) => KEY.replace('%s', url);
  return db.sql<NamedRow>(`
    select ${key('original_s3_url')}, file_size_bytes as size, sha256 from product_images
    union all select ${key('processed_s3_url')}, null, null from product_images where processed_s3_url is not null
    union all select ${key('s3_url')}, file_size_bytes, sha256 from image_variants`);
}

async function isRight(
  { key, size, sha256 }: NamedRow,
  found: number | undefined,
  objects: StoredObjects,
  deep: boolean,
) {
  if (size !== null && found !== size) return false;
  return !deep || sha256 === null || sha256OfBytes(await objects.read(key)) === sha256;
}

async function column(db: WholeStoreDeps['db'], sql: string): Promise<string[]> {
  return (await db.sql<{ text: string }>(sql)).map(({ text }) => text);
}

/** What lies in the folders of uploads under way and of copies on their way, beyond one empty folder for each living process. */
async function temporaryFiles({ dataDir, stagingFolders }: WholeStoreDeps): Promise<string[]> {
  const staged = await namesBelow(join(dataDir, 'tmp'));
  const folders = staged.filter((name) => /^staging-[^./]*$/.test(name));
  const inside = staged.filter((name) => name.includes('/'));
  const tooMany = folders.length > stagingFolders ? folders.slice(stagingFolders) : [];
  return [...inside, ...tooMany, ...(await namesBelow(join(dataDir, 'objects', '.incoming')))];
}

/** Through a link to another file system, too. */
async function namesBelow(folder: string): Promise<string[]> {
  return await readdir(`${folder}/`, { recursive: true }).catch(() => []);
}

/** The disk store's folder of its one bucket. */
export function objectsOnDisk(dataDir: string): StoredObjects {
  const bucket = join(dataDir, 'objects', 'intellipost-images');
  return {
    async list() {
      const entries = await readdir(bucket, { recursive: true, withFileTypes: true });
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return new Map(
        await Promise.all(paths.map(async (path) => [relative(bucket, path), (await stat(path)).size] as const)),
      );
    },
    read: (key) => Bun.file(join(bucket, key)).bytes(),
    put: async (key, content) => void (await Bun.write(join(bucket, key), content)),
  };
}

/** @param environment as `s3Environment` gives it */
export function objectsOnS3(environment: Environment, endpoint: string): StoredObjects {
  const client = new S3Client({
    endpoint,
    bucket: environment.S3_BUCKET_NAME ?? '',
    region: environment.S3_REGION ?? '',
    accessKeyId: environment.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: environment.S3_SECRET_ACCESS_KEY ?? '',
  });
  return {
    async list() {
      const found = new Map<string, number>();
      for (let startAfter = ''; ; ) {
        const page = await client.list({ maxKeys: 1000, ...(startAfter ? { startAfter } : {}) });
        for (const { key, size } of page.contents ?? []) found.set(key, size ?? -1);
        startAfter = page.contents?.at(-1)?.key ?? '';
        if (!page.isTruncated || startAfter === '') return found;
      }
    },
    read: (key) => client.file(key).bytes(),
    put: async (key, content) => void (await client.write(key, content)),
  };
}
