import type { Sha256 } from '../../kernel/sha256';
import { HashingWriter, type OpenFile } from './hashing-writer';

/** Sees each chunk, with the size so far, before it is written; what it throws ends the staging. */
export type OnChunk = (chunk: Uint8Array, sizeBytes: number) => void;

/**
 * Writes the bytes to an empty file, hashing as they pass.
 * @param file stays open until this settles
 * @throws what the sender, `onChunk` or the disk throws; the file then holds no one knows what
 */
export async function writeHashed(
  file: OpenFile,
  bytes: AsyncIterable<Uint8Array>,
  onChunk?: OnChunk,
): Promise<{ readonly sizeBytes: number; readonly sha256: Sha256 }> {
  const writer = new HashingWriter(file);
  try {
    let sizeBytes = 0;
    for await (const chunk of bytes) {
      sizeBytes += chunk.byteLength;
      onChunk?.(chunk, sizeBytes);
      await writer.write(chunk);
    }
    return { sizeBytes, sha256: await writer.finish() };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}
