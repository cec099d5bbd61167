import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { testDatabase } from '../support/postgres';
import { aSeller, PASSWORD, PROMPT } from '../support/seller-client';
import { keysOnDisk, temporaryFolders } from '../support/server';
import { startServerProcess } from '../support/server-process';
import { type Fared, legitimateSeller } from './legitimate';

/** Rates as in production, in a process of its own. */
const LIMITS = { RATE_LIMIT_ADDRESS: '12000', RATE_LIMIT_USER: '6000', RATE_LIMIT_AUTH: '60' };
/** A slow machine takes longer over it than a token lives. */
const LONG_TOKENS = { ACCESS_TOKEN_TTL_SECONDS: '86400' };
/** Whoever comes from here is believed; 127.0.0.9 is somebody else. */
const TRUSTED = '127.0.0.1';

export type Site = Awaited<ReturnType<typeof openSite>>;

/** A server that is going to be abused, with a database and a disk of its own. */
export async function openSite(change: Readonly<Record<string, string>> = {}) {
  const db = await testDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'test-abuse-'));
  const settings = { DATABASE_URL: db.url, DATA_DIR: dataDir, TRUSTED_PROXIES: TRUSTED, SWEEP_CRON: '* * * * *' };
  const server = await startServerProcess({ ...settings, ...LIMITS, ...LONG_TOKENS, LOG_LEVEL: 'warn', ...change });
  const good = await aSeller(server);
  const upload = multipartBytes(productParts(PROMPT, [await photo()]));
  const memory = async () => ({
    now: await kilobytes(server.pid, 'VmRSS'),
    peak: await kilobytes(server.pid, 'VmHWM'),
  });
  return {
    port: server.port,
    memory,
    account: () => aSeller(server),

    /** Runs an attack beside a seller who behaves. */
    async beside(attack: () => Promise<void>): Promise<Fared> {
      const headers = { ...good.headers, 'x-forwarded-for': '203.0.113.1' };
      const login = { email: good.email, password: PASSWORD };
      const seller = { port: server.port, headers, upload, uploadType: multipartType(), login };
      const going = legitimateSeller(seller);
      try {
        await attack();
      } finally {
        await Bun.sleep(200);
      }
      return going.stop();
    },

    /** What is there beside the products of the seller who behaves; nothing, where all is well. */
    async remains() {
      const count = async (from: string, owner = 'user_id') =>
        (await db.sql<{ n: number }>(`select count(*)::int as n from ${from} where ${owner} <> $1`, [good.userId]))[0]
          ?.n;
      const [own] = await db.sql<{ photos: number; variants: number; open: number }>(
        `select (select count(*) from product_images i join products p on p.id = i.product_id where p.user_id = $1)::int as photos,
          (select count(*) from image_variants)::int as variants, (select count(*) from intents where state <> 'tombstone')::int as open`,
        [good.userId],
      );
      const objects = (await keysOnDisk(dataDir)).length - (own?.photos ?? 0) - (own?.variants ?? 0);
      const temporary = (await temporaryFolders(dataDir)).length;
      return {
        products: await count('products'),
        keys: await count('idempotency_keys'),
        intents: own?.open,
        objects,
        temporary,
      };
    },

    async close() {
      await server.end('SIGKILL');
      await db.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export const NOTHING_REMAINS = { products: 0, keys: 0, intents: 0, objects: 0, temporary: 0 };

/** @see proc(5) */
async function kilobytes(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
