import { spawn } from 'node:child_process';
import { chown, mkdir, open, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fsyncPath } from '../../fsync';
import { readIfThere } from '../../read-if-there';
import { MARKER } from './cluster-folder';
import type { EmbeddedHome } from './home';
import type { SystemUser } from './system-user';

/** One PostgreSQL cluster in a folder: initdb, pg_ctl start and stop, as the given user. */
export class Cluster {
  private readonly data: string;

  constructor(
    private readonly home: EmbeddedHome,
    private readonly user: SystemUser | null,
    private readonly flags: readonly string[],
  ) {
    this.data = join(home.folder, 'cluster');
  }

  /**
   * Makes the cluster unless it is there whole: a marker tells, written last and durable, with the password's name beside it, before a server
   * starts. Without it, what is there is no cluster yet and is removed.
   */
  async initialise(passwordFile: string): Promise<void> {
    const marker = join(this.home.folder, MARKER);
    if ((await readIfThere(marker)) !== null) return;
    await rm(this.data, { recursive: true, force: true });
    await mkdir(this.data, { recursive: true, mode: 0o700 });
    if (this.user) await chown(this.data, this.user.uid, this.user.gid);
    const how = ['-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '-E', 'UTF8'];
    await this.run('initdb', ['-D', this.data, ...how, '--locale-provider=builtin', '--locale=C.UTF-8']);
    await Bun.write(marker, '');
    await fsyncPath(marker);
    await fsyncPath(this.home.folder);
  }

  /** The port of the server that runs on this cluster, whoever started it; null when none does. */
  async runningPort(): Promise<number | null> {
    const pidFile = await readIfThere(join(this.data, 'postmaster.pid'));
    if (pidFile === null) return null;
    const lines = pidFile.split('\n');
    const status = await this.run('pg_ctl', ['status', '-D', this.data]).then(
      () => true,
      () => false,
    );
    return status ? Number(lines[3]) : null;
  }

  /** Costs less than to ask `pg_ctl`: whether a process has the number that the server wrote down. */
  async isAlive(): Promise<boolean> {
    const pid = Number((await readIfThere(join(this.data, 'postmaster.pid')))?.split('\n')[0]);
    if (!(pid > 0)) return false;
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as { code?: unknown }).code === 'EPERM';
    }
  }

  /** @param port that those know who use it already; by default one that is free */
  async start(port?: number): Promise<number> {
    return this.startAt(port ?? (await freePort()));
  }

  private async startAt(port: number): Promise<number> {
    const flags = [`-p ${port}`, '-c listen_addresses=127.0.0.1', "-c unix_socket_directories=''", ...this.flags].join(
      ' ',
    );
    await this.run('pg_ctl', ['start', '-w', '-t', '60', '-D', this.data, '-l', await this.logFile(), '-o', flags]);
    return port;
  }

  /** Also of one that has ended by itself, or does so meanwhile. */
  async stop(): Promise<void> {
    try {
      await this.run('pg_ctl', ['stop', '-w', '-t', '60', '-m', 'fast', '-D', this.data]);
    } catch (error) {
      if ((await this.runningPort()) !== null) throw error;
    }
  }

  private async logFile(): Promise<string> {
    const path = join(this.home.folder, 'postgres.log');
    const file = await open(path, 'a', 0o600);
    if (this.user) await file.chown(this.user.uid, this.user.gid);
    await file.close();
    return path;
  }

  /** In a session of its own: Ctrl-C in our terminal must not stop PostgreSQL before us. */
  private run(program: string, args: readonly string[]): Promise<void> {
    const child = spawn(join(this.home.native, 'bin', program), args, {
      ...(this.user ?? {}),
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' },
    });
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said = (said + String(chunk)).slice(-2000);
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}: ${said}`)),
      );
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
