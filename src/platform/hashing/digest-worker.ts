/** The other side of `digest-thread.ts`: hashes files that its parent has open, as far as they are written. */
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { checkOf, type DigestAnswer, type DigestRequest, PIECE_BYTES_MAX } from './digest-thread';

interface Progress {
  readonly hasher: Bun.CryptoHasher;
  check: bigint;
  at: number;
}

const memory = Buffer.allocUnsafe(PIECE_BYTES_MAX);
const files = new Map<number, Progress>();

parentPort?.on('message', (request: DigestRequest) => {
  const answer = work(request);
  if (answer) parentPort?.postMessage(answer);
});

function work({ id, fd, ends, last }: DigestRequest): DigestAnswer | null {
  const file = files.get(id) ?? { hasher: new Bun.CryptoHasher('sha256'), check: 0n, at: 0 };
  files.set(id, file);
  try {
    for (const end of ends) hashUpTo(file, fd, end);
    if (!last) return null;
    files.delete(id);
    return { id, sha256: file.hasher.digest('hex'), check: file.check, sizeBytes: file.at };
  } catch (error) {
    if (!last) return null; // met again at the end
    files.delete(id);
    const { message, errno = 0, code = '' } = error as NodeJS.ErrnoException;
    return { id, failed: { message, errno, code } };
  }
}

function hashUpTo(file: Progress, fd: number, end: number): void {
  while (file.at < end) {
    const bytesRead = readSync(fd, memory, 0, Math.min(memory.length, end - file.at), file.at);
    if (bytesRead === 0) return;
    const piece = memory.subarray(0, bytesRead);
    file.hasher.update(piece);
    file.check = checkOf(piece, file.check);
    file.at += bytesRead;
  }
}
