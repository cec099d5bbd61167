import type { AnyTRPCProcedure, AnyTRPCRouter } from '@trpc/server';
import type { ProcedureMeta } from './procedures';

/** A procedure as the REST door and the document see it. */
export interface RestRoute {
  /** `products.create` */
  readonly name: string;
  readonly procedure: AnyTRPCProcedure;
  readonly type: 'query' | 'mutation';
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/products/{id}`, without a slash at the end. */
  readonly path: string;
  readonly status: 200 | 201 | 202 | 204;
  readonly multipart: boolean;
  readonly meta: ProcedureMeta;
}

/**
 * Every procedure with a `meta.openapi`, in the order of the router.
 * @throws Error when two name the same method and path, or a subscription names one
 */
export function restRoutesOf(router: AnyTRPCRouter): RestRoute[] {
  const taken = new Set<string>();
  return Object.entries(proceduresOf(router)).flatMap(([name, procedure]) => {
    const route = restRouteOf(name, procedure);
    if (route === null) return [];
    const place = `${route.method} ${route.path.replaceAll(/\{\w+\}/g, '{}')}`;
    if (taken.has(place)) throw new Error(`${name}: another procedure answers ${route.method} ${route.path}`);
    taken.add(place);
    return [route];
  });
}

export function proceduresOf(router: AnyTRPCRouter): Readonly<Record<string, AnyTRPCProcedure>> {
  return router._def.procedures as Record<string, AnyTRPCProcedure>;
}

function restRouteOf(name: string, procedure: AnyTRPCProcedure): RestRoute | null {
  const meta = procedure._def.meta as ProcedureMeta | undefined;
  if (meta?.openapi === undefined || meta.openapi.enabled === false) return null;
  const { type } = procedure._def;
  if (type === 'subscription') throw new Error(`${name}: a subscription has no REST route`);
  return {
    name,
    procedure,
    type,
    method: meta.openapi.method,
    path: `/${meta.openapi.path.replaceAll(/^\/|\/$/g, '')}`,
    status: meta.status ?? 200,
    multipart: meta.multipart ?? false,
    meta,
  };
}
