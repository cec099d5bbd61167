/**
 * The least that a server can do with the same bytes, run as a process of its own:
 *   POST /drain   reads the body and answers
 *   PUT /<name>   writes the body to a file of FOLDER, fsyncs it and answers
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const folder = process.env.FOLDER ?? '';

Bun.serve({
  hostname: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT),
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  development: false,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (request.method === 'POST') return Response.json({ bytes: await drain(request) }, { status: 201 });
    if (request.method === 'PUT') return Response.json({ bytes: await keep(request, pathname.slice(1)) });
    return new Response('ok');
  },
});

async function drain(request: Request): Promise<number> {
  let bytes = 0;
  for await (const chunk of request.body ?? []) bytes += chunk.byteLength;
  return bytes;
}

/** Whole in memory first: faster here than writing it as it comes, and a bare server may take the memory. */
async function keep(request: Request, name: string): Promise<number> {
  const bytes = await request.bytes();
  const file = await open(join(folder, name.replaceAll('/', '_')), 'wx');
  await file.write(bytes);
  await file.sync();
  await file.close();
  return bytes.byteLength;
}
