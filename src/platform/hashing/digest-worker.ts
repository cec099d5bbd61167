/** The other side of `digest-thread.ts`: hashes files that its parent has open, as far as they are written. */
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DigestAnswer, DigestRequest } from './digest-thread';

interface Progress {
  readonly hasher: Bun.CryptoHasher;
  crc32: number;
  at: number;
}

const chunk = Buffer.allocUnsafe(1 << 20);
const files = new Map<number, Progress>();

parentPort?.on('message', (request: DigestRequest) => {
  const answer = work(request);
  if (answer) parentPort?.postMessage(answer);
});

function work({ id, fd, upTo, last }: DigestRequest): DigestAnswer | null {
  const file = files.get(id) ?? { hasher: new Bun.CryptoHasher('sha256'), crc32: 0, at: 0 };
  files.set(id, file);
  try {
    hashUpTo(file, fd, upTo);
    if (!last) return null;
    files.delete(id);
    return { id, sha256: file.hasher.digest('hex'), crc32: file.crc32, sizeBytes: file.at };
  } catch (error) {
    if (!last) return null; // met again at the end
    files.delete(id);
    const { message, errno = 0, code = '' } = error as NodeJS.ErrnoException;
    return { id, failed: { message, errno, code } };
  }
}

function hashUpTo(file: Progress, fd: number, upTo: number): void {
  while (file.at < upTo) {
    const bytesRead = readSync(fd, chunk, 0, Math.min(chunk.length, upTo - file.at), file.at);
    if (bytesRead === 0) return;
    const bytes = chunk.subarray(0, bytesRead);
    file.hasher.update(bytes);
    file.crc32 = Bun.hash.crc32(bytes, file.crc32);
    file.at += bytesRead;
  }
}
