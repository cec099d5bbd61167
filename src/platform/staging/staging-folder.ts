import { closeSync, fstatSync, open as openByCallback, write as writeByCallback } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StagedFile } from '../../kernel/staged-file';
import { digestThread } from '../hashing/digest-thread';
import { hashedInode } from './hashed-inode';
import { HashingWriter } from './hashing-writer';
import type { StagingFolder } from './staging-area';

/** @param path a folder that does not exist yet, in the folder of this process */
export async function makeStagingFolder(path: string): Promise<StagingFolder> {
  await mkdir(path, { mode: 0o700 });
  let files = 0;
  const newPath = () => join(path, String(files++));
  return {
    stage: (bytes, onChunk) => stageFile(newPath(), bytes, onChunk),
    newPath,
    adopt: adoptFile,
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

const openDescriptor = promisify(openByCallback);
const writeTo = promisify(writeByCallback);

async function stageFile(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  onChunk?: (chunk: Uint8Array, sizeBytes: number) => void,
): Promise<StagedFile> {
  const fd = await openDescriptor(path, 'wx+', 0o600);
  const writer = new HashingWriter({ fd, write: (chunk, at, length) => writeTo(fd, chunk, at, length) });
  try {
    let sizeBytes = 0;
    for await (const chunk of bytes) {
      sizeBytes += chunk.byteLength;
      onChunk?.(chunk, sizeBytes);
      await writer.write(chunk);
    }
    const sha256 = await writer.finish();
    return { path, sizeBytes, sha256, hashedAs: hashedInode(sha256, fstatSync(fd, { bigint: true })) };
  } catch (error) {
    await writer.abandon();
    await rm(path, { force: true });
    throw error;
  } finally {
    closeSync(fd); // in place: it waits for nothing, and a thread's hop takes longer
  }
}

async function adoptFile(path: string): Promise<StagedFile> {
  await using file = await open(path, 'r');
  const { sha256, sizeBytes } = await digestThread.whole(file.fd);
  return { path, sizeBytes, sha256, hashedAs: hashedInode(sha256, await file.stat({ bigint: true })) };
}
