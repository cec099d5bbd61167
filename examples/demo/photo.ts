import { basename } from 'node:path';
import { DemoError } from './demo-error';

export interface Photo {
  readonly name: string;
  readonly sizeBytes: number;
  /** Hexadecimal, of the bytes as they lie on the disk. */
  readonly sha256: string;
  readonly file: Blob;
}

/** @throws DemoError there is no such file, or nothing in it */
export async function photoAt(path: string): Promise<Photo> {
  const file = Bun.file(path);
  if (!(await file.exists())) throw new DemoError(`There is no file ${path}.`);
  if (file.size === 0) throw new DemoError(`${path} is empty.`);
  return { name: basename(path), sizeBytes: file.size, sha256: sha256Of(await file.bytes()), file };
}

export function sha256Of(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
}
