/** What of the server a caller cannot see: its context of a request, and what procedures say to its documents. */
const OF_THE_SERVER = /import\("\.[^"]*"\)\.(RequestContext|ProcedureMeta)\b/g;
/** Every procedure repeats it. */
const ERROR_SHAPE = /\berrorShape: (\{(?:[^{}]|\{(?:[^{}]|\{\})*\})*\});/g;

/**
 * `type AppRouter` as the client's own: plain types, on those of @trpc/server alone.
 * @param emitted the declaration of `router`
 * @throws Error where a type of the server is left: then an input or output has a name that is not written out
 */
export function routerDeclaration(emitted: string): string {
  const [, shape = 'never'] = ERROR_SHAPE.exec(emitted) ?? [];
  ERROR_SHAPE.lastIndex = 0;
  const text = emitted
    .replace(/^import .*;\n/gm, '')
    .replace(OF_THE_SERVER, 'object')
    .replace(ERROR_SHAPE, 'errorShape: ErrorShape;')
    .replace('export declare const router:', 'export type AppRouter =');
  const left = [...text.matchAll(/import\("(?!@trpc\/)[^"]*"\)(\.\w+)*/g)].map(([name]) => name);
  if (left.length > 0)
    throw new Error(`the router's type names what is the server's: ${[...new Set(left)].join(', ')}`);
  if (!text.includes('export type AppRouter =')) throw new Error(`no router is declared: ${emitted.slice(0, 200)}`);
  return `type ErrorShape = ${shape};\n${text}`;
}
