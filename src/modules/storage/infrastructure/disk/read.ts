import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '../../../../kernel/app-error';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { ByteRange } from '../../domain/object-store';
import { BrokenBytes, ObjectMissing, RangeNotSatisfiable } from '../../domain/store-errors';
import { asOutage, failedWith } from './errno';

const CHUNK_BYTES = 256 * 1024;

/** Opens before it returns: an object deleted later is still read to its end. @throws ObjectMissing, RangeNotSatisfiable */
export async function readObject(path: string, key: ObjectKey, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
  const file = await openObject(path, key);
  try {
    const { size } = await sizeOfFile(file, key);
    const start = range?.start ?? 0;
    const end = Math.min(range?.end ?? size - 1, size - 1);
    if (range && (start >= size || end < start)) throw new RangeNotSatisfiable(key);
    return streamOf(file, start, end);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openObject(path: string, key: ObjectKey): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) throw new ObjectMissing(key);
    throw error;
  }
}

async function sizeOfFile(file: FileHandle, key: ObjectKey): Promise<{ size: number }> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new ObjectMissing(key);
  return stats;
}

/** Closes the file at its end, on an error and when the reader goes away. */
function streamOf(file: FileHandle, start: number, end: number): ReadableStream<Uint8Array> {
  let position = start;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position + 1));
    const { bytesRead } = chunk.length === 0 ? { bytesRead: 0 } : await file.read(chunk, 0, chunk.length, position);
    position += bytesRead;
    if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead));
    if (bytesRead === 0 || position > end) {
      await file.close();
      controller.close();
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        pull(controller).catch(async (error) => {
          await file.close();
          throw ofMedium(error) ?? asOutage(error);
        }),
      cancel: () => file.close(),
    },
    { highWaterMark: 1 },
  );
}

/**
 * What a disk answers for a bad sector, or a file system for a checksum that does not fit. Null for what else may fail.
 * @see errno(3)
 */
function ofMedium(error: unknown): AppError | null {
  if (!failedWith(error, 'EIO', 'EUCLEAN', 'EBADMSG')) return null;
  return new AppError('STORAGE_UNAVAILABLE', undefined, { cause: new BrokenBytes(error) });
}
