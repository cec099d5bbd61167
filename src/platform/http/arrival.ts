import type { Server } from 'bun';

const arrivals = new WeakMap<Request, Server<unknown>>();

/** While a certificate is replaced two servers listen, and a WebSocket can only be made by the one that received its request. */
export function arrivedAt(request: Request): Server<unknown> | undefined {
  return arrivals.get(request);
}

export function noteArrival(request: Request, server: Server<unknown>): void {
  arrivals.set(request, server);
}
