import { cp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { $, Glob } from 'bun';

// `bun run schema`: the migrations are in order (drizzle-kit check), and another one would be empty. Tried on a copy.
const repository = resolve(import.meta.dir, '..');
const copy = '.cache/schema-drift';
const drizzleKit = join(repository, 'node_modules/drizzle-kit/bin.cjs');
const filesOf = (folder: string) => [...new Glob('**/*').scanSync(join(repository, folder))].sort();

$.cwd(repository);
await $`${process.execPath} ${drizzleKit} check`;
await rm(join(repository, copy), { recursive: true, force: true });
await cp(join(repository, 'drizzle'), join(repository, copy), { recursive: true });
await $`${process.execPath} ${drizzleKit} generate --dialect postgresql --schema src/platform/database/schema/index.ts --out ${copy}`;
const kept = filesOf('drizzle');
const added = filesOf(copy).filter((path) => !kept.includes(path));
await rm(join(repository, copy), { recursive: true, force: true });
if (added.length > 0) {
  console.error(`The schema and the migrations differ: \`bunx drizzle-kit generate\` would write ${added.join(', ')}`);
  process.exit(1);
}
