/** A PUT that a gateway has seen. Times as `performance.now()` gives them. */
export interface SeenPut {
  readonly path: string;
  readonly begunAt: number;
  /** When the store answered; infinite while it has not, and for a body that was cut off. */
  readonly answeredAt: number;
  /** 0 for a body that was cut off. */
  readonly status: number;
}

export interface RecordingGateway {
  readonly url: string;
  readonly puts: readonly SeenPut[];
  /** Answers the next PUT in the store's place, which hears nothing of it. */
  answerNextPut(answer: Response): void;
  /** PUTs of what had been stored under the same path before they began. */
  needless(): SeenPut[];
  stop(): Promise<void>;
}

/**
 * Stands before a server and passes on what it was sent whole, unchanged: signatures over Host and path still hold.
 * @param target asked for each request: its port may be known only later
 */
export function startGateway(target: () => string): RecordingGateway {
  const puts: SeenPut[] = [];
  const answers: Response[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 60,
    development: false,
    async fetch(request) {
      const { pathname: path, search } = new URL(request.url);
      const begunAt = performance.now();
      const seen = (status: number) => {
        const answeredAt = status === 0 ? Number.POSITIVE_INFINITY : performance.now();
        if (request.method === 'PUT') puts.push({ path, begunAt, answeredAt, status });
      };
      const body = await request.arrayBuffer().catch(() => null);
      if (body === null) {
        seen(0);
        return new Response(null, { status: 400 });
      }
      const ours = request.method === 'PUT' ? answers.shift() : undefined;
      const answer = ours ?? (await passOn(request, target() + path + search, body));
      seen(answer.status);
      return answer;
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    puts,
    answerNextPut: (answer) => void answers.push(answer),
    needless: () =>
      puts.filter(({ path, begunAt }) =>
        puts.some((earlier) => earlier.path === path && earlier.status === 200 && earlier.answeredAt < begunAt),
      ),
    stop: () => server.stop(true),
  };
}

async function passOn(request: Request, url: string, body: ArrayBuffer): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set('accept-encoding', 'identity');
  headers.delete('connection');
  const bytes = body.byteLength > 0 || request.method === 'PUT' ? { body } : {};
  const answer = await fetch(url, { method: request.method, headers, ...bytes, redirect: 'manual' });
  const { status } = answer;
  const given = await answer.arrayBuffer();
  return new Response(status === 204 || status === 304 ? null : given, { status, headers: answer.headers });
}
