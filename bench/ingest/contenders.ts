import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startApp } from '../servers/app';
import { RUNTIME } from '../servers/runtime';
import { type ServerProcess, startServerProcess } from '../servers/server-process';
import { type Contender, uploadTo } from './contender';
import { benchBucket, diskLimits, emptyBucket, s3Limit } from './limit';
import type { BenchPhoto } from './photos';

/** What runs side by side. */
export interface Contenders {
  readonly contenders: readonly Contender[];
  /** Of the app: empty after the last burst. */
  readonly stagingFolder: string;
  /** Before each burst: the store is as empty for each of them as for the first. */
  emptyStore(): Promise<void>;
  stop(): Promise<void>;
}

export async function startContenders(
  store: 'disk' | 's3',
  folder: string,
  photos: readonly BenchPhoto[],
  bunFlags: readonly string[] = [],
): Promise<Contenders> {
  const dataDir = join(folder, 'data');
  const bareFolder = join(folder, 'bare');
  await mkdir(bareFolder, { recursive: true });
  const bare: ServerProcess = await startServerProcess(['bench/servers/bare.ts'], '/', {
    FOLDER: bareFolder,
    ...RUNTIME,
  });
  const bucket = store === 's3' ? await benchBucket() : null;
  const app = await startApp(dataDir, bucket?.environment, bunFlags);
  return {
    contenders: [
      ...(bucket ? [await s3Limit(bucket, photos)] : diskLimits(bare, photos)),
      uploadTo('this app, multipart', `${app.url}/api/products`, app),
      uploadTo('a bare server that drops the body', `${bare.url}/drain`, { cost: bare.cost, sellers: [{}] }),
    ],
    stagingFolder: join(dataDir, 'tmp'),
    // MinIO's folder is in memory: full, the whole machine would slow down with it
    emptyStore: async () => void (bucket && (await emptyBucket(bucket))),
    async stop() {
      await app.stop();
      await bare.stop();
    },
  };
}
