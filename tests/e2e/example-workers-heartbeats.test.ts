import { expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import { photo } from '../support/photos';
import { until } from '../support/server';
import { canRun, type ExampleWorker, startWorker } from '../support/worker-process';

const EXAMPLES: readonly ExampleWorker[] = ['processing-worker.ts', 'processing_worker.py'];

/**
 * A server whose heartbeats are never answered but for those that tell how far the work is, and whose `complete` waits for one more of them: as long as they come, the
 * lease is kept. By both doors.
 */
async function slowServer() {
  const bytes = await photo();
  const asked = { claims: 0, completed: 0 };
  let beats = Promise.withResolvers<void>();
  const product_id = newId();
  const images = () => [{ id: newId(), is_primary: true, urls: { model: `${server.url.origin}/photo` } }];
  const job = () => ({ lease_id: newId(), product_id, attempt: 1, prompt_text: 'a lamp', images: images() });
  const nextBeat = () => {
    beats = Promise.withResolvers();
    return beats.promise;
  };
  const answers: Record<string, (body: string) => Promise<unknown>> = {
    claim: async () => {
      asked.claims += 1;
      return { jobs: asked.claims === 1 ? [job()] : [] };
    },
    resultUrls: async () => ({ uploads: [] }),
    'result-urls': async () => ({ uploads: [] }),
    heartbeat: async (body) => {
      if (body.includes('"progress"')) return {};
      beats.resolve();
      return new Promise(() => undefined);
    },
    complete: async () => {
      await nextBeat();
      asked.completed += 1;
      return { product_id, status: 'ready' };
    },
  };
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === '/photo') return new Response(new Uint8Array(bytes));
      const answer = await answers[pathname.split(/[/.]/).at(-1) ?? '']?.(await request.text());
      return Response.json(pathname.startsWith('/trpc') ? { result: { data: answer } } : answer);
    },
  });
  return { url: server.url.origin, asked, product_id, stop: () => server.stop(true) };
}

for (const example of EXAMPLES) {
  (canRun(example) ? test : test.skip)(
    `examples/workers/${example} keeps its lease until complete has answered, and waits for no heartbeat then`,
    async () => {
      const server = await slowServer();
      const worker = startWorker(example, server.url, { WORKER_TOKEN: 'any', LEASE_SECONDS: '1' });
      try {
        await until(() => server.asked.claims > 1, `it claims again: ${worker.output.text}`, 30_000);
        expect(server.asked.completed).toBe(1);
        expect(worker.output.text).toContain(`${server.product_id} complete after `);
      } finally {
        await worker.end('SIGKILL');
        await server.stop();
      }
    },
    60_000,
  );
}
