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
    const piece = readPiece(fd, file.at, Math.min(memory.length, end - file.at));
    if (piece.length === 0) return;
    file.hasher.update(piece);
    file.check = checkOf(piece, file.check);
    file.at += piece.length;
  }
}

/** Whole, or up to the file's end: read(2) may give less than was asked for, and the check is of pieces. */
function readPiece(fd: number, at: number, length: number): Uint8Array {
  let filled = 0;
  while (filled < length) {
    const bytesRead = readSync(fd, memory, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return memory.subarray(0, filled);
}
