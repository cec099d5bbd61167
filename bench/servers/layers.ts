/**
 * The way of an upload, cut off after each of its layers, from the app's own parts; run as a process of its own:
 *   POST /drain    the body is read
 *   POST /parse    … and its parts are told apart
 *   POST /inspect  … and each photo's structure is walked
 *   POST /stage    … and written to a temporary file, hashed as it passes
 *   POST /store    … and put into the store (FOLDER: disk; S3: the configuration of one, as JSON)
 * What the app has beyond `store` is its database, its checks and its logs.
 */
import { join } from 'node:path';
import { newId } from '../../src/kernel/ids';
import { objectKey } from '../../src/kernel/object-key';
import type { StagedFile } from '../../src/kernel/staged-file';
import { createImageInspector } from '../../src/modules/products/domain/images/image-inspector';
import type { ObjectStore } from '../../src/modules/storage/domain/object-store';
import { DiskStore } from '../../src/modules/storage/infrastructure/disk/disk-store';
import { DiskUrlSigner } from '../../src/modules/storage/infrastructure/disk/sign';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import { multipartBody } from '../../src/platform/http/multipart-body';
import type { MultipartFile } from '../../src/platform/http/multipart-port';
import { openStagingArea } from '../../src/platform/staging/open-staging-area';
import { silentLog } from '../../tests/support/log';

const folder = process.env.FOLDER ?? '';
const store = openStore();
await store.prepare();
const staging = await openStagingArea(join(folder, 'tmp'), silentLog);
const LIMITS = { totalBytes: 1e9, fields: 10, fieldBytes: 16_384 };
const IMAGE_LIMITS = { minWidth: 1, minHeight: 1, maxPixels: 1e9 };

/** What each layer does with one photo; the layers before it included. */
const LAYERS: Readonly<Record<string, (file: MultipartFile, stage: Stage) => Promise<unknown>>> = {
  async parse(file) {
    for await (const chunk of file.bytes) if (chunk.length === 0) throw new Error('an empty chunk');
  },
  async inspect(file) {
    const inspector = createImageInspector(IMAGE_LIMITS);
    for await (const chunk of file.bytes) inspector.push(chunk);
    inspector.finish();
  },
  stage: stagePhoto,
  store: stagePhoto,
};

interface Stage {
  readonly folder: Awaited<ReturnType<typeof staging.openUnnamed>>;
  readonly puts: Promise<void>[];
  readonly put: boolean;
}

Bun.serve({
  hostname: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT),
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  development: false,
  async fetch(request) {
    const layer = new URL(request.url).pathname.slice(1);
    if (request.method !== 'POST') return new Response('ok');
    if (layer === 'drain') for await (const _ of request.body ?? []);
    else await receive(request, layer);
    return new Response('ok', { status: 201 });
  },
});

async function receive(request: Request, layer: string): Promise<void> {
  const work = LAYERS[layer];
  if (!work) throw new Error(`no layer ${layer}`);
  const stage: Stage = {
    folder: await (process.env.S3 ? staging.openUnnamed() : staging.open()),
    puts: [],
    put: layer === 'store',
  };
  await multipartBody(request, LIMITS, { freesChunks: true }).read({
    field: () => undefined,
    file: async (file) => void (await work(file, stage)),
  });
  await Promise.all(stage.puts);
  await stage.folder.remove();
}

async function stagePhoto(file: MultipartFile, stage: Stage): Promise<void> {
  const inspector = createImageInspector(IMAGE_LIMITS);
  const staged: StagedFile = await stage.folder.stage(file.bytes, (chunk) => inspector.push(chunk));
  inspector.finish();
  if (stage.put) stage.puts.push(store.put(objectKey(`layers/${newId()}.jpg`), staged, 'image/jpeg'));
}

function openStore(): ObjectStore {
  if (process.env.S3) return new S3Store({ config: JSON.parse(process.env.S3) });
  const urls = new DiskUrlSigner({
    bucket: 'layers',
    publicUrl: () => 'http://unused.invalid',
    secret: 'of nothing, no URL is made here',
  });
  return new DiskStore({ dataDir: folder, bucket: 'layers', urls });
}
