import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder in which there is soon no room any more. */
export interface SmallDisk {
  readonly folder: string;
  /** What runs a server so that it meets the limit. */
  readonly command: readonly string[];
  /** Gives it room. @returns whether a server that runs already has it too */
  grow(): Promise<boolean>;
  remove(): Promise<void>;
}

const SMALL_KB = 3_000;
const FILE_KB = 100;

/**
 * A tmpfs where this process may mount one (root, or sudo that asks nothing), which answers ENOSPC; elsewhere a limit of the size of
 * each file, which answers EFBIG. Neither is ever left out.
 */
export async function smallDisk(): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'test-small-disk-'));
  const owner = process.getuid?.() ?? 0;
  const options = `size=${SMALL_KB}k,mode=700,uid=${owner}`;
  const asRoot = ([] as string[][]).concat([[], ['sudo', '-n']]);
  for (const by of asRoot) {
    if (await succeeds([...by, 'mount', '-t', 'tmpfs', '-o', options, 'tmpfs', folder])) return mounted(folder, by);
  }
  return limited(folder);
}

function mounted(folder: string, by: readonly string[]): SmallDisk {
  return {
    folder,
    command: [],
    grow: () => succeeds([...by, 'mount', '-o', 'remount,size=200m', folder]),
    async remove() {
      await succeeds([...by, 'umount', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A shell that POSIX describes counts blocks of 512 bytes, and leaves the signal ignored for what it runs. */
function limited(folder: string): SmallDisk {
  let limit = `trap '' XFSZ; ulimit -f ${FILE_KB * 2};`;
  return {
    folder,
    get command() {
      return ['sh', '-c', `${limit} exec "$@"`, 'sh'];
    },
    async grow() {
      limit = '';
      return false;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  if (!Bun.which(command[0] ?? '')) return false;
  const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' });
  return (await child.exited) === 0;
}
