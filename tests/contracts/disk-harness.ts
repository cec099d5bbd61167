import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Elysia } from 'elysia';
import { AppError } from '../../src/kernel/app-error';
import { type Clock, systemClock } from '../../src/kernel/clock';
import { filesDoor } from '../../src/modules/storage/api/files-door';
import { DiskStore } from '../../src/modules/storage/infrastructure/disk/disk-store';
import { DiskUrlSigner } from '../../src/modules/storage/infrastructure/disk/sign';
import type { BodyPace } from '../../src/platform/http/body-pace';
import { errorResponse } from '../../src/platform/http/error-body';
import { openStagingArea } from '../../src/platform/staging/open-staging-area';
import { silentLog } from '../support/log';
import type { StoreHarness } from './object-store';

export interface DiskHarness extends StoreHarness {
  readonly store: DiskStore;
  readonly dataDir: string;
  readonly stagingFolder: string;
  readonly port: number;
}

/** A disk store in a folder of its own, with the files door on a real port. */
export async function diskHarness(
  clock: Clock = systemClock,
  cacheScope: 'private' | 'public' = 'private',
  pace: Partial<BodyPace> = {},
): Promise<DiskHarness> {
  const dataDir = await mkdtemp(join(tmpdir(), 'test-disk-'));
  const bucket = `test-${Bun.randomUUIDv7()}`;
  const staging = await openStagingArea(join(dataDir, 'staging'), silentLog);
  const publicUrl = () => `http://127.0.0.1:${app.server?.port}`;
  const urls = new DiskUrlSigner({ bucket, publicUrl, secret: 'secret of tests', clock });
  const store = new DiskStore({ dataDir, bucket, urls });
  await store.prepare();
  const app = new Elysia()
    .onError(({ error }) => errorResponse(error instanceof AppError ? error : new AppError('INTERNAL'), 'test'))
    .use(filesDoor({ store, urls, staging, clock, cacheScope, pace }))
    .listen({ port: 0, hostname: '127.0.0.1' });
  const incoming = join(dataDir, 'objects', '.incoming');
  return {
    store,
    dataDir,
    stagingFolder: staging.folder,
    port: app.server?.port ?? 0,
    halfWrites: {
      begin: async () => void (await Bun.write(join(incoming, Bun.randomUUIDv7()), 'half')),
      count: async () => (await readdir(incoming)).length,
    },
    async stop() {
      await app.stop(true);
      await staging.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
