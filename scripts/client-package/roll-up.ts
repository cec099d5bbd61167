import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { type Declarations, emitDeclarations } from './declarations';
import { routerDeclaration } from './router-declaration';

const CACHE = resolve(import.meta.dir, '../../.cache');

/** One declaration of all that `src/client/index.ts` exports, and of nothing that it does not reach. */
export async function rolledUpDeclaration(): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'client-declarations-'));
  try {
    await write(emitDeclarations(), folder);
    const input = join(folder, 'client/index.d.ts');
    const bundle = await rollup({ input, external: /^@trpc\//, plugins: [dts()] });
    const { output } = await bundle.generate({ format: 'es' });
    await bundle.close();
    return output[0].code;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Where their imports look for them. */
async function write({ client, router }: Declarations, folder: string): Promise<void> {
  await Bun.write(join(folder, 'container.d.ts'), routerDeclaration(router));
  for (const [path, text] of client) await Bun.write(join(folder, 'client', path), text);
}
