import { copyFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import manifest from '../../package.json';
import { rolledUpDeclaration } from './roll-up';

const REPOSITORY = resolve(import.meta.dir, '../..');
const ENTRY = join(REPOSITORY, manifest.exports['./client']);

/**
 * Makes the package by which apps and pages of other repositories have the client. tRPC's packages stay dependencies: an app that uses
 * them too has one copy, and `instanceof TRPCClientError` holds.
 * @param folder is made anew
 */
export async function buildClientPackage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const built = await Bun.build({
    entrypoints: [ENTRY],
    outdir: folder,
    naming: 'client.js',
    target: 'browser',
    format: 'esm',
    packages: 'external',
  });
  const code = (await built.outputs[0]?.text()) ?? '';
  await Bun.write(join(folder, 'client.d.ts'), await rolledUpDeclaration());
  await Bun.write(join(folder, 'package.json'), `${JSON.stringify(manifestOf(code), null, 2)}\n`);
  await copyFile(join(REPOSITORY, 'LICENSE'), join(folder, 'LICENSE'));
}

/** Of the same name and import path as this repository. */
function manifestOf(code: string) {
  const { name, version, license, dependencies } = manifest;
  return {
    name,
    version,
    description: 'Client of the product store for browsers, Bun and Node',
    license,
    type: 'module',
    sideEffects: false,
    exports: { './client': { types: './client.d.ts', default: './client.js' } },
    dependencies: Object.fromEntries(packagesOf(code).map((each) => [each, dependencies[each]])),
  };
}

/** What the code imports, and @trpc/server, of which @trpc/client wants the same version and the declaration has its types. */
function packagesOf(code: string): (keyof typeof manifest.dependencies)[] {
  const imported = new Bun.Transpiler({ loader: 'js' }).scanImports(code).map(({ path }) => path);
  const known = Object.keys(manifest.dependencies) as (keyof typeof manifest.dependencies)[];
  const unknown = imported.filter((path) => !known.some((name) => path === name || path.startsWith(`${name}/`)));
  if (unknown.length > 0) throw new Error(`the client imports what is no dependency: ${unknown.join(', ')}`);
  return known.filter((name) => name === '@trpc/server' || imported.some((path) => path.startsWith(name)));
}
