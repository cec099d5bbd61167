import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photoOfAbout } from '../support/photos';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { rawPost } from '../support/raw-http';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { temporaryFolders } from '../support/server';
import { type ServerProcess, startServerProcess } from '../support/server-process';

const UPLOADS = 32;
const PHOTOS = 8;
const PHOTO_BYTES = 6_000_000;
const MOST_BYTES = 256 * 2 ** 20;
const PIECE_BYTES = 256 * 1024;

let db: TestDatabase;
let dataDir: string;
let server: ServerProcess;
let seller: SellerClient;

beforeAll(async () => {
  db = await testDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'test-memory-'));
  // on a machine that has other things to do, commits may wait: what is measured here is memory
  server = await startServerProcess({ DATABASE_URL: db.url, DATA_DIR: dataDir, DATABASE_CONNECT_TIMEOUT_MS: '60000' });
  seller = await aSeller(server);
}, 60_000);
afterAll(async () => {
  await server.end('SIGKILL');
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** The most memory that the process ever had. @see proc(5), VmHWM */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

test.skipIf(process.platform !== 'linux')(
  `${UPLOADS} uploads of ${PHOTOS} photos of 6 MB at once are all kept, in less than 256 MB of memory, and nothing stays in the temporary folder`,
  async () => {
    const picture = await photoOfAbout(PHOTO_BYTES);
    const body = multipartBytes(productParts(PROMPT, Array<Buffer>(PHOTOS).fill(picture)));
    expect(picture.length).toBeGreaterThan(0.95 * PHOTO_BYTES);
    const headers = { ...seller.headers, 'content-type': multipartType(), 'content-length': String(body.length) };
    const send = async (write: (bytes: Uint8Array) => Promise<void>) => {
      for (let at = 0; at < body.length; at += PIECE_BYTES) await write(body.subarray(at, at + PIECE_BYTES));
    };
    const startedAt = performance.now();
    const upload = () =>
      rawPost(server.port, { path: '/api/products', headers, send }).then(({ status }) => status, String);
    const outcomes = await Promise.all(Array.from({ length: UPLOADS }, upload));
    const seconds = (performance.now() - startedAt) / 1000;
    const peak = await peakBytes(server.pid);
    const megabytes = (UPLOADS * body.length) / 1e6;
    console.log(`${Math.round(megabytes)} MB in ${seconds.toFixed(1)} s, ${Math.round(peak / 2 ** 20)} MiB at most`);

    const refusals = server.output.stdout.split('\n').filter((line) => /"status":[45]/.test(line));
    expect([outcomes, refusals]).toEqual([Array<number>(UPLOADS).fill(201), []]);
    expect(peak).toBeLessThan(MOST_BYTES);
    expect(await temporaryFolders(dataDir)).toEqual([]);
    const [kept] = await db.sql('select count(*)::int as products, sum(image_count)::int as images from products');
    expect(kept).toEqual({ products: UPLOADS, images: UPLOADS * PHOTOS });
  },
  180_000,
);
