import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../src/cli/run-command';
import { loadSettings } from '../../src/config/load';
import { buildContainer, type Container } from '../../src/container';
import type { KeyPrefix, ObjectKey } from '../../src/kernel/object-key';
import { createMetrics } from '../../src/platform/telemetry/metrics';
import { type RunningServer, startServer } from '../../src/server';
import { silentLog } from './log';
import { asSuperuser, emptyDatabase, type TestDatabase, testDatabase } from './postgres';
import { type Environment, ON_A_FREE_PORT } from './server';

/** What everybody has who works on the same system: the same secrets, another database after it was lost. */
const OF_THE_SYSTEM: Environment = {
  ...ON_A_FREE_PORT,
  JWT_SECRET: 'the secret of a system that will be lost, 0123456789',
  // a restore migrates by itself, and every command would look again
  MIGRATE_ON_START: 'false',
  BACKUP_CRON: 'off',
  BACKUP_VERIFY_CRON: 'off',
  BACKUP_PRUNE_CRON: 'off',
  BACKUP_DRILL_CRON: 'off',
  LOG_LEVEL: 'silent',
};

export type RecoveryKit = Awaited<ReturnType<typeof recoveryKit>>;

/** A system with backups, whose database and bucket can be lost. */
export async function recoveryKit(store: Environment = {}, change: Environment = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'test-recovery-'));
  const backups = await mkdtemp(join(tmpdir(), 'test-backups-'));
  const first: TestDatabase = await testDatabase();
  const databases: { drop(): Promise<void> }[] = [first];
  let url = first.url;
  const running = new Set<RunningServer>();

  const environment = (): Environment => ({
    ...OF_THE_SYSTEM,
    DATABASE_URL: url,
    DATA_DIR: dataDir,
    BACKUP_DIR: backups,
    ...store,
    ...change,
  });
  const settings = (more: Environment = {}) => loadSettings({ ...environment(), ...more });

  async function withContainer<Result>(
    work: (container: Container) => Promise<Result>,
    more: Environment = {},
  ): Promise<Result> {
    const ground = { settings: settings(more), log: silentLog, metrics: createMetrics(), port: () => 1 };
    const container = await buildContainer(ground, 'as it is');
    try {
      return await work(container);
    } finally {
      await container.close();
    }
  }

  const kit = {
    environment,
    settings,
    dataDir,
    backups,
    withContainer,
    get url() {
      return url;
    },

    sql: <Row extends object>(text: string, values?: unknown[]) => asSuperuser<Row>(url, text, values),

    async start(more: Environment = {}): Promise<RunningServer> {
      const server = await startServer(settings(more), silentLog);
      running.add(server);
      return { ...server, stop: () => stopped(server) };
    },

    /** @returns what was printed; `lines` has it also where the command fails */
    async cli(words: readonly string[], more: Environment = {}, lines: string[] = []): Promise<string[]> {
      await runCommand(words, settings(more), silentLog, (line) => lines.push(line));
      return lines;
    },

    /** @returns what one line of JSON says */
    async told<Report = Record<string, unknown>>(words: readonly string[], more: Environment = {}): Promise<Report> {
      return JSON.parse((await kit.cli([...words, '--json'], more)).at(-1) ?? '') as Report;
    },

    keys: (more: Environment = {}) =>
      withContainer(
        async ({ storage }) =>
          (await Array.fromAsync(storage.store.list('' as KeyPrefix))).map(({ key }) => key as string),
        more,
      ),

    /** A server with nothing on it takes the place of the one that burnt. */
    async loseDatabase(): Promise<void> {
      const empty = await emptyDatabase();
      databases.push(empty);
      url = empty.url;
    },

    loseObjects: (which: (key: string) => boolean = () => true) =>
      withContainer(async ({ storage }) => {
        const keys = (await kit.keys()).filter(which) as unknown as ObjectKey[];
        await storage.store.deleteMany(keys);
      }),

    async newFolder(): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), 'test-backups-'));
      folders.push(folder);
      return folder;
    },

    /** A copy of all backups, to be damaged. */
    async copyOfBackups(): Promise<string> {
      const copy = await kit.newFolder();
      await cp(backups, copy, { recursive: true });
      return copy;
    },

    async stop(): Promise<void> {
      for (const server of running) await server.stop();
      for (const database of databases) await database.drop();
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
  const folders = [dataDir, backups];
  return kit;

  async function stopped(server: RunningServer): Promise<number> {
    running.delete(server);
    return await server.stop();
  }
}

/** Files of a folder of backups whose path has this in it. */
export async function filesOf(backups: string, part: string): Promise<string[]> {
  const entries = await readdir(backups, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.filter((path) => path.includes(part)).sort();
}
