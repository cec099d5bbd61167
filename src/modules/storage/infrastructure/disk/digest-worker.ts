/** The other side of `digest-thread.ts`: hashes files that its parent has open, one after the other. */
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DigestAnswer, DigestRequest } from './digest-thread';

const chunk = Buffer.allocUnsafe(1 << 20);

parentPort?.on('message', (request: DigestRequest) => parentPort?.postMessage(answer(request)));

function answer({ id, fd }: DigestRequest): DigestAnswer {
  const hasher = new Bun.CryptoHasher('sha256');
  let sizeBytes = 0;
  try {
    for (;;) {
      const bytesRead = readSync(fd, chunk, 0, chunk.length, sizeBytes);
      if (bytesRead === 0) return { id, sha256: hasher.digest('hex'), sizeBytes };
      hasher.update(chunk.subarray(0, bytesRead));
      sizeBytes += bytesRead;
    }
  } catch (error) {
    const { message, errno = 0, code = '' } = error as NodeJS.ErrnoException;
    return { id, failed: { message, errno, code } };
  }
}
