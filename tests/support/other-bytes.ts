import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { StagedFile } from '../../src/kernel/staged-file';
import { openStagingArea } from '../../src/platform/staging/open-staging-area';
import { silentLog } from './log';

interface Store {
  put(key: ObjectKey, file: StagedFile, contentType: string): Promise<void>;
}

/** Puts what no photo has under a key that is free. */
export async function otherBytesUnder(store: Store, key: string): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'test-other-bytes-'));
  const staging = await openStagingArea(parent, silentLog);
  const folder = await staging.open();
  const chunks = async function* () {
    yield new TextEncoder().encode('other bytes');
  };
  await store.put(key as unknown as ObjectKey, await folder.stage(chunks()), 'image/jpeg');
  await staging.close();
  await rm(parent, { recursive: true, force: true });
}
