import { fstatSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StagedFile } from '../../kernel/staged-file';
import { digestThread } from '../hashing/digest-thread';
import { hashedInode } from './hashed-inode';
import type { StagingFolder } from './staging-area';
import { type OnChunk, writeHashed } from './write-hashed';

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

async function stageFile(path: string, bytes: AsyncIterable<Uint8Array>, onChunk?: OnChunk): Promise<StagedFile> {
  await using file = await open(path, 'wx+', 0o600);
  try {
    const { sizeBytes, sha256 } = await writeHashed(file, bytes, onChunk);
    return { path, sizeBytes, sha256, hashedAs: hashedInode(sha256, fstatSync(file.fd, { bigint: true })) };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function adoptFile(path: string): Promise<StagedFile> {
  await using file = await open(path, 'r');
  const { sha256, sizeBytes } = await digestThread.whole(file.fd);
  return { path, sizeBytes, sha256, hashedAs: hashedInode(sha256, await file.stat({ bigint: true })) };
}
