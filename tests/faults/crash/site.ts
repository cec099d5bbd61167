import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../src/cli/run-command';
import { loadSettings } from '../../../src/config/load';
import { httpTap, postgresTap, Trap } from '../../support/crash-points';
import { silentLog } from '../../support/log';
import { type TestDatabase, testDatabase } from '../../support/postgres';
import { s3Server } from '../../support/s3-servers';
import { type Environment, ON_A_FREE_PORT, s3Environment } from '../../support/server';
import { type ServerProcess, startServerProcess } from '../../support/server-process';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy';
import {
  type Disagreements,
  objectsOnDisk,
  objectsOnS3,
  type StoredObjects,
  wholeStore,
} from '../../support/whole-store';

export type StoreKind = 'disk' | 's3';

/** A server process with a database and a store of its own, both behind proxies that can stop it at any step. */
export interface Site {
  readonly store: StoreKind;
  readonly db: TestDatabase;
  readonly dataDir: string;
  /** Whether uploads lie on another file system than the objects: only then is one copied, and can be killed in the middle. */
  readonly copiesUploads: boolean;
  readonly objects: StoredObjects;
  readonly trap: Trap;
  readonly toDatabase: TcpProxy;
  /** Null for the disk store. */
  readonly toStore: TcpProxy | null;
  /** The living process. @throws Error while there is none */
  server(): ServerProcess;
  /** @param isPreparing whether it decodes photos, too, and makes their variants */
  start(isPreparing?: boolean): Promise<ServerProcess>;
  kill(): Promise<void>;
  /** A command of the operator, on the same database and store past the proxies. @throws as it does */
  cli(argv: readonly string[], print: (line: string) => void): Promise<void>;
  /**
   * `cli sweep` until it has nothing left to do, as if the time of every dead upload were over.
   * @param direct whether also that of the direct uploads that wait for their client
   */
  sweep(direct: boolean): Promise<void>;
  check(deep: boolean): Promise<Disagreements>;
  stop(): Promise<void>;
}

export interface SiteOptions {
  readonly store: StoreKind;
  /** More variables of the server. */
  readonly environment?: Environment;
  /** More variables of the operator's commands. */
  readonly operator?: Environment;
  /** An existing folder for DATA_DIR. */
  readonly dataDir?: string;
  /** What runs the server; asked at each start. */
  readonly command?: () => readonly string[];
}

/** More sweeps than this find something to do every time: they would never end. */
const SWEEPS_MAX = 6;
const PORTS_TRIED = 3;
/** Longer than what upkeep lets a half-written copy lie, in seconds. */
const OLD = 2 * 24 * 60 * 60;

/** @throws Error where no MinIO is to be had: nothing of it would be proven */
export async function openSite(options: SiteOptions): Promise<Site> {
  const { store } = options;
  const db = await testDatabase();
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'test-faults-')));
  const stagedElsewhere = options.dataDir ? null : await stageElsewhere(dataDir);
  const trap = new Trap();
  const database = new URL(db.url);
  const toDatabase = await startTcpProxy({ host: database.hostname, port: Number(database.port) }, () =>
    postgresTap(trap),
  );
  const s3 = store === 's3' ? await s3Site(trap) : null;
  // one seller has all the uploads that the faults leave open
  const many = { MAX_OPEN_DIRECT_UPLOADS: '1000' };
  const own: Environment = { ...ON_A_FREE_PORT, ...many, DATA_DIR: dataDir, ...s3?.environment };
  const operator = loadSettings({ ...own, DATABASE_URL: db.url, MIGRATE_ON_START: 'false', ...options.operator });
  const objects = s3 ? s3.objects : objectsOnDisk(dataDir);
  database.hostname = toDatabase.host;
  database.port = String(toDatabase.port);
  const environment: Environment = {
    ...own,
    DATABASE_URL: database.href,
    MIGRATE_ON_START: 'false',
    ACCESS_TOKEN_TTL_SECONDS: '86400',
    ...(s3 ? { S3_ENDPOINT_URL: s3.proxy.url, S3_PUBLIC_ENDPOINT_URL: s3.endpoint } : {}),
    ...options.environment,
  };
  let living: ServerProcess | null = null;
  const cli: Site['cli'] = (argv, print) => runCommand(argv, operator, silentLog, print);
  return {
    store,
    db,
    dataDir,
    copiesUploads: (await stat(join(dataDir, 'tmp')).catch(() => stat(dataDir))).dev !== (await stat(dataDir)).dev,
    objects,
    trap,
    toDatabase,
    toStore: s3?.proxy ?? null,
    server() {
      if (!living) throw new Error('no server is alive');
      return living;
    },
    async start(isPreparing = false) {
      const prepares = isPreparing ? { PREPARE_CONCURRENCY: '1' } : {};
      living = await startReachable({ ...environment, ...prepares }, options.command?.());
      return living;
    },
    async kill() {
      const dying = living;
      living = null;
      await dying?.end('SIGKILL');
    },
    cli,
    async sweep(direct) {
      await makeOld(db, dataDir, direct);
      for (let times = 1; times <= SWEEPS_MAX; times += 1) {
        let report = '';
        await cli(['sweep', '--json'], (line) => {
          report = line;
        });
        if (isQuiet(report)) return;
      }
      throw new Error(`after ${SWEEPS_MAX} sweeps there was still something to do`);
    },
    check: (deep) => wholeStore({ db, objects, dataDir, stagingFolders: living ? 1 : 0, deep }),
    async stop() {
      await living?.end('SIGKILL');
      await Promise.all([toDatabase.stop(), s3?.proxy.stop()]);
      await db.drop();
      if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
      if (stagedElsewhere) await rm(stagedElsewhere, { recursive: true, force: true });
    },
  };
}

/**
 * A container engine may still forward a port of this machine to a container that is gone, and the kernel gives the same port to a
 * server: it listens, and nobody gets there.
 */
async function startReachable(environment: Environment, command?: readonly string[]): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await startServerProcess(environment, command);
    const error = await fetch(`${server.url}/healthz`).then(
      () => null,
      (thrown) => thrown,
    );
    if (error === null) return server;
    const ending = server.ending();
    await server.end('SIGKILL');
    if (ending !== null || attempt === PORTS_TRIED) throw error;
  }
}

async function s3Site(trap: Trap) {
  const minio = await s3Server('minio');
  if (!minio) throw new Error('no MinIO is here, so nothing would be proven of it');
  const proxy = await startTcpProxy(minio.endpoint, () => httpTap(trap));
  const environment = s3Environment(minio);
  return { proxy, environment, endpoint: minio.endpoint, objects: objectsOnS3(environment, minio.endpoint) };
}

/** Uploads on another file system than the objects, where there is one: so the disk store copies, and can be killed in the middle. */
async function stageElsewhere(dataDir: string): Promise<string | null> {
  const elsewhere = await mkdtemp('/dev/shm/test-faults-').catch(() => null);
  if (elsewhere) await symlink(elsewhere, join(dataDir, 'tmp'));
  else await mkdir(join(dataDir, 'tmp'));
  return elsewhere;
}

/** As if so much time had passed that everybody who died is known to be dead. */
async function makeOld(db: TestDatabase, dataDir: string, direct: boolean): Promise<void> {
  await db.sql("update intents set expires_at = now() where state = 'open' and ($1 or kind <> 'direct')", [direct]);
  const incoming = join(dataDir, 'objects', '.incoming');
  const then = Date.now() / 1000 - OLD;
  for (const name of await readdir(incoming).catch(() => [])) await utimes(join(incoming, name), then, then);
}

/** Tombstones may be repeated for ever. */
function isQuiet(report: string): boolean {
  const { counts } = JSON.parse(report) as { counts: Record<string, number> };
  if ((counts.refused ?? 0) > 0) throw new Error(`a row names what an intent would delete: ${report}`);
  return ['expired', 'drained', 'half_written', 'temporary_folders'].every((name) => (counts[name] ?? 0) === 0);
}
