/** Stands before a server, and may keep an answer to itself: what was asked is done, and nobody hears of it. */
export interface ForgetfulGateway {
  readonly url: string;
  /** Procedures that were called, in their order. */
  readonly calls: readonly string[];
  /** Loses the next answers to this procedure. @param whenDone called with each of them, when the server has done its work */
  lose(procedure: string, times: number, whenDone?: () => void): void;
  stop(): Promise<void>;
}

/** @param target asked for each request: its port may be known only later */
export function startForgetfulGateway(target: () => string): ForgetfulGateway {
  const calls: string[] = [];
  const losses = new Map<string, { times: number; whenDone: (() => void) | undefined }>();
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 60,
    development: false,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const procedure = pathname.replace(/^\/trpc\//, '');
      calls.push(procedure);
      const body = await request.arrayBuffer();
      const headers = new Headers(request.headers);
      headers.delete('connection');
      const { method } = request;
      const answer = await fetch(target() + pathname + search, {
        method,
        headers,
        ...(body.byteLength > 0 && { body }),
      });
      const given = await answer.arrayBuffer();
      const loss = losses.get(procedure);
      if (!loss || loss.times === 0) return new Response(given, { status: answer.status, headers: answer.headers });
      loss.times -= 1;
      loss.whenDone?.();
      return new Response('a proxy has lost the answer', { status: 502 });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    calls,
    lose: (procedure, times, whenDone) => void losses.set(procedure, { times, whenDone }),
    stop: () => server.stop(true),
  };
}
