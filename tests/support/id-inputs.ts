import type { AnyRouter } from '@trpc/server';
import type { ProcedureMeta } from '../../src/platform/http/procedures';

export interface NamedProcedure {
  /** As a client calls it: `products.get`. */
  readonly path: string;
  readonly meta: ProcedureMeta | undefined;
  /** The fields of its input that name something by an id: parameters of its route, and any field that is called so. */
  readonly ids: readonly string[];
}

// The lists of ids that are not called ids.
const LISTS_OF_IDS = new Set(['products']);

/** Every procedure of a router, with the ids it takes; one that is added to the router is in here by itself. */
export function proceduresOf(router: AnyRouter): NamedProcedure[] {
  const procedures = router._def.procedures as Record<string, { _def: { meta?: ProcedureMeta; inputs?: unknown[] } }>;
  return Object.entries(procedures).map(([path, { _def }]) => {
    const ofRoute = [...(_def.meta?.openapi?.path ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
    const ofInput = (_def.inputs ?? []).flatMap(fieldsOf).filter(isId);
    return { path, meta: _def.meta, ids: [...new Set([...ofRoute, ...ofInput])] };
  });
}

function isId(field: string): boolean {
  return field === 'id' || /_ids?$/.test(field) || LISTS_OF_IDS.has(field);
}

/** The keys of a zod object, through whatever wraps it. */
function fieldsOf(schema: unknown): string[] {
  const { shape, def } = schema as { shape?: object; def?: { innerType?: unknown; in?: unknown } };
  if (shape) return Object.keys(shape);
  const inner = def?.innerType ?? def?.in;
  return inner ? fieldsOf(inner) : [];
}
