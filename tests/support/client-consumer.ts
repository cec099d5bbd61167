import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import manifest from '../../package.json';

const REPOSITORY = resolve(import.meta.dir, '../..');

/** A frontend of another repository: the client's package, what that depends on, and nothing else. */
export interface ClientConsumer {
  readonly folder: string;
  write(path: string, content: string | object): Promise<void>;
  run(command: readonly string[]): Promise<{ code: number; out: string }>;
  remove(): Promise<void>;
}

/**
 * As if it were installed, without a registry.
 * @param built the client's package
 */
export async function clientConsumer(built: string): Promise<ClientConsumer> {
  // outside the repository, whose packages would be found from within
  const folder = await mkdtemp(join(tmpdir(), 'test-client-consumer-'));
  const { dependencies } = (await Bun.file(join(built, 'package.json')).json()) as { dependencies: object };
  await cp(built, join(folder, 'node_modules', manifest.name), { recursive: true });
  for (const name of Object.keys(dependencies)) {
    await mkdir(join(folder, 'node_modules', name, '..'), { recursive: true });
    await symlink(join(REPOSITORY, 'node_modules', name), join(folder, 'node_modules', name));
  }
  const write: ClientConsumer['write'] = async (path, content) => {
    await Bun.write(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  await write('package.json', { type: 'module' });
  return {
    folder,
    write,
    async run(command) {
      const child = Bun.spawn([...command], { cwd: folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
      const [out, err, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { code, out: out + err };
    },
    remove: () => rm(folder, { recursive: true }),
  };
}
