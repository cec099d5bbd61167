/**
 * The least that a server can do with the same bytes, run as a process of its own:
 *   POST /drain   reads the body and answers
 *   POST /keep    writes each file of the multipart body to a file of FOLDER, fsyncs it and answers
 *   PUT /<name>   writes the body to a file of FOLDER, fsyncs it and answers
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { multipartBody } from '../../src/platform/http/multipart-body';

const folder = process.env.FOLDER ?? '';
const LIMITS = { totalBytes: Number.MAX_SAFE_INTEGER, fields: 10, fieldBytes: 16_384 };

Bun.serve({
  hostname: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT),
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  development: false,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/drain') for await (const _ of request.body ?? []);
    else if (request.method === 'POST') await keepParts(request);
    else if (request.method === 'PUT') await keepWhole(request, pathname.slice(1));
    return new Response('ok', { status: 201 });
  },
});

async function keepWhole(request: Request, name: string): Promise<void> {
  if (request.body) await durable(await write(name.replaceAll('/', '_'), request.body));
}

/** A file is made durable while the next one comes. */
async function keepParts(request: Request): Promise<void> {
  const fsyncs: Promise<void>[] = [];
  await multipartBody(request, LIMITS).read({
    field: () => undefined,
    file: async ({ bytes }) => void fsyncs.push(durable(await write(Bun.randomUUIDv7(), bytes))),
  });
  await Promise.all(fsyncs);
}

/** As it comes: faster here than gathering it in memory first. */
async function write(name: string, bytes: AsyncIterable<Uint8Array>): Promise<FileHandle> {
  const file = await open(join(folder, name), 'wx');
  for await (const chunk of bytes) await file.write(chunk);
  return file;
}

async function durable(file: FileHandle): Promise<void> {
  await file.sync();
  await file.close();
}
