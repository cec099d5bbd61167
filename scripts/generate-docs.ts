import { join, resolve } from 'node:path';
import { dotenvExample } from './documents/dotenv-example';
import { environmentPage } from './documents/environment-page';
import { openApiJson } from './documents/openapi';
import { lifecyclePage } from './lifecycle/page';
import { lifecyclePicture } from './lifecycle/picture';

const REPOSITORY = resolve(import.meta.dir, '..');

/** Every generated document, by its path in the repository. */
const DOCUMENTS: Readonly<Record<string, () => string | Promise<string>>> = {
  '.env.example': dotenvExample,
  'docs/environment.md': environmentPage,
  'docs/lifecycle.md': lifecyclePage,
  'docs/lifecycle.svg': () => lifecyclePicture(),
  'docs/openapi.json': openApiJson,
};

/**
 * `bun run docs [--check] [folder]`: writes what is generated from the code; with --check says which documents drifted instead.
 * @returns the paths that were written, or that drifted
 */
export async function generateDocs(check: boolean, root = REPOSITORY): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, generate] of Object.entries(DOCUMENTS)) {
    const file = Bun.file(join(root, path));
    const fresh = await generate();
    if ((await file.exists()) && (await file.text()) === fresh) continue;
    stale.push(path);
    if (!check) await Bun.write(file, fresh);
  }
  return stale;
}

if (import.meta.main) {
  const check = process.argv.includes('--check');
  const stale = await generateDocs(check);
  for (const path of stale) console.log(check ? `${path} is not what \`bun run docs\` writes` : `${path} written`);
  if (check && stale.length > 0) process.exit(1);
}
