import { randomBytes } from 'node:crypto';
import { chown, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../../kernel/log';
import { makeDurableFolder } from '../../make-durable-folder';
import { readIfThere } from '../../read-if-there';
import { lockFile } from '../../staging/flock';
import { Cluster } from './cluster';
import { type EmbeddedHome, embeddedHome } from './home';
import { keepRunning } from './keep-running';
import { type EmbeddedUrls, prepareRoles } from './roles';
import { postgresUser, type SystemUser } from './system-user';

export interface EmbeddedPostgres extends EmbeddedUrls {
  /** Lets go of it; the last process that used it stops the server. */
  release(): Promise<void>;
}

const nothing = () => undefined;
const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * A real PostgreSQL under the data directory, started by the first process that needs it (server or operator command), joined by
 * the others, stopped by the last. One that a killed process left running is found and taken over.
 * One that ends by itself while it is used is started again, on the same port.
 * @param flags further server flags, such as `-c fsync=off` for tests
 */
export async function useEmbeddedPostgres(
  dataDir: string,
  flags: readonly string[] = [],
  log: Log = SILENT,
): Promise<EmbeddedPostgres> {
  const home = await embeddedHome(dataDir);
  const user = postgresUser();
  await makeFolder(home, user);
  const cluster = new Cluster(home, user, flags);
  return oneAtATime(home, async () => {
    const password = await passwordOf(home, user);
    await cluster.initialise(join(home.folder, 'password'));
    const port = (await cluster.runningPort()) ?? (await cluster.start());
    const urls = await prepareRoles(port, password);
    const leave = await lockFile(join(home.folder, 'users.lock'), 'shared', { wait: true });
    const revive = () =>
      oneAtATime(home, async () => {
        if ((await cluster.runningPort()) === null) await cluster.start(port);
      });
    const endWatch = keepRunning({ isAlive: () => cluster.isAlive(), revive }, log);
    return {
      ...urls,
      async release() {
        await endWatch();
        await oneAtATime(home, async () => {
          leave?.();
          const last = await lockFile(join(home.folder, 'users.lock'), 'exclusive', { wait: false });
          if (!last) return;
          await cluster.stop();
          last();
        });
      },
    };
  });
}

/** Starts and stops of one cluster never overlap, over all processes. */
async function oneAtATime<Result>(home: EmbeddedHome, work: () => Promise<Result>): Promise<Result> {
  const unlock = await lockFile(join(home.folder, 'start.lock'), 'exclusive', { wait: true });
  try {
    return await work();
  } finally {
    unlock?.();
  }
}

async function makeFolder(home: EmbeddedHome, user: SystemUser | null): Promise<void> {
  await makeDurableFolder(home.folder);
  if (user) await chown(home.folder, user.uid, user.gid);
}

async function passwordOf(home: EmbeddedHome, user: SystemUser | null): Promise<string> {
  const path = join(home.folder, 'password');
  const known = await readIfThere(path);
  if (known) return known.trim();
  const password = randomBytes(24).toString('base64url');
  const file = await open(path, 'w', 0o600);
  await file.writeFile(`${password}\n`);
  if (user) await file.chown(user.uid, user.gid);
  await file.sync();
  await file.close();
  return password;
}
