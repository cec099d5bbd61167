import { spawnSync } from 'node:child_process';

const USER = 'postgres';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user that PostgreSQL runs as: null where we are not root and may run it ourselves. Made when it is missing. */
export function postgresUser(): SystemUser | null {
  if (process.getuid?.() !== 0) return null;
  return lookUp() ?? create();
}

function lookUp(): SystemUser | null {
  const uid = spawnSync('id', ['-u', USER], { encoding: 'utf8' });
  const gid = spawnSync('id', ['-g', USER], { encoding: 'utf8' });
  return uid.status === 0 && gid.status === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : null;
}

function create(): SystemUser {
  const made =
    spawnSync('useradd', ['--system', '--user-group', '--no-create-home', USER]).status === 0 ||
    spawnSync('adduser', ['-S', '-D', '-H', USER]).status === 0; // Alpine
  const user = made ? lookUp() : null;
  if (!user)
    throw new Error(
      `PostgreSQL does not run as root, and the user "${USER}" could not be made: make it, or set DATABASE_URL`,
    );
  return user;
}
