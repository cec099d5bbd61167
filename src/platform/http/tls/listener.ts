import { constants } from 'node:crypto';
import type { Server } from 'bun';
import type { AnyElysia } from 'elysia';
import { websocket } from 'elysia/ws';
import { pause } from '../../pause';
import { noteArrival } from '../arrival';
import type { Certificate } from './certificate';
import { steerConnections } from './steer-connections';

export interface ListenerOptions {
  readonly app: AnyElysia;
  readonly hostname: string;
  /** 0: a free one. */
  readonly port: number;
  readonly tls?: { readonly certificate: Certificate; readonly allowTls12: boolean };
  /** How long a server whose certificate was replaced stays for the connections that it has. Milliseconds. */
  readonly retireMs?: number;
}

/** Longer than an idle connection lives: by then each has either been used, and was told to close, or has timed out. */
const RETIRE_MS = 35_000;

/**
 * What listens for the app. `Bun.serve` takes a certificate once for all, and `reload()` ignores another (oven-sh/bun#43815): so a
 * renewed one gets a second server on the same port, and the first stays until its connections have come to their end.
 */
export class Listener {
  #current: Server<unknown>;
  /** Listen no more, or soon, but may still have requests under way and WebSockets. */
  readonly #leaving = new Set<Server<unknown>>();
  #retirement: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(private readonly options: ListenerOptions) {
    const { hostname, port, tls } = options;
    if (tls && port !== 0) requireFreePort(hostname, port);
    // once, and before there is a server: Elysia would put its own handler into that
    options.app.compile();
    this.#current = this.#serve(port, tls?.certificate);
  }

  get port(): number {
    return this.#current.port ?? this.options.port;
  }

  get pendingRequests(): number {
    return this.#all().reduce((sum, server) => sum + server.pendingRequests, 0);
  }

  /** Whoever keeps a connection to a server that leaves is to open another. */
  isLeaving = (server: Server<unknown> | undefined): boolean => server !== undefined && this.#leaving.has(server);

  /** From now on new connections get this certificate; those that there are stay. One at a time: the next waits for `retireMs`. */
  async replace(certificate: Certificate): Promise<void> {
    await this.#retirement;
    if (this.#stopping.signal.aborted) return;
    const former = this.#current;
    this.#current = this.#serve(this.port, certificate);
    this.#leaving.add(former);
    steerConnections(this.port, 1);
    this.#retirement = this.#retire(former);
  }

  /** @param force cuts off what is under way */
  async stop(force = false): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#all().map((server) => server.stop(force)));
  }

  async #retire(former: Server<unknown>): Promise<void> {
    await pause(this.options.retireMs ?? RETIRE_MS, this.#stopping.signal);
    // resolves when its last WebSocket has closed, which may be long after: nobody waits for it
    void former.stop().then(() => this.#leaving.delete(former));
  }

  #all(): Server<unknown>[] {
    return [this.#current, ...this.#leaving];
  }

  #serve(port: number, certificate: Certificate | undefined): Server<unknown> {
    const { app, hostname, tls } = this.options;
    const server: Server<unknown> = Bun.serve({
      ...(app.config.serve as object),
      port,
      hostname,
      ...(certificate ? { tls: { ...keyPair(certificate), ...protocols(tls?.allowTls12 === true) } } : {}),
      reusePort: certificate !== undefined,
      websocket: { ...app.config.websocket, ...websocket },
      fetch(request: Request) {
        noteArrival(request, server);
        return app.fetch(request);
      },
    } as Bun.Serve.Options<unknown>);
    app.server = server;
    return server;
  }
}

function keyPair({ cert, key }: Certificate) {
  return { cert, key };
}

/** Below 1.2 Bun speaks none anyway. It knows no `minVersion`, but OpenSSL's own switch. */
function protocols(allowTls12: boolean) {
  return allowTls12 ? {} : { secureOptions: constants.SSL_OP_NO_TLSv1_2 };
}

/**
 * Ports are shared so that a second server of ours may join; a second process must not, or it would take half of the requests.
 * @throws EADDRINUSE
 */
function requireFreePort(hostname: string, port: number): void {
  Bun.listen({ hostname, port, socket: { data: () => undefined } }).stop(true);
}
