import { join } from 'node:path';

const PAGE = join(import.meta.dir, '../../docs/performance.md');

/**
 * Puts measured tables into docs/performance.md, in place of what stands between the marks of the same name; the words around
 * them are written by hand.
 * @throws Error where the page has no such marks, or no end mark before the next table
 */
export async function saveOnPage(name: string, measured: string): Promise<void> {
  const page = await Bun.file(PAGE).text();
  const [start, end] = [`<!-- measured: ${name} -->`, '<!-- /measured -->'];
  const from = page.indexOf(start);
  const to = page.indexOf(end, from);
  const next = page.indexOf('<!-- measured: ', from + 1);
  if (from < 0 || to < 0 || (next >= 0 && next < to)) throw new Error(`docs/performance.md has no place for "${name}"`);
  await Bun.write(PAGE, `${page.slice(0, from + start.length)}\n${measured.trim()}\n${page.slice(to)}`);
}
