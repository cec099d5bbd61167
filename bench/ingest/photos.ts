import { join } from 'node:path';
import { type Sha256, sha256OfBytes } from '../../src/kernel/sha256';
import { photoOfAbout } from '../../tests/support/photos';
import { keptFolder } from '../servers/scratch';

export interface BenchPhoto {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

const PHOTOS_PER_PRODUCT = 8;

/** JPEGs of about that many megabytes (10⁶ bytes), made once and kept: encoding them takes longer than the bench. */
export async function benchPhotos(megabytes: number): Promise<BenchPhoto[]> {
  const folder = await keptFolder(`photos-${megabytes}mb`);
  const photos: BenchPhoto[] = [];
  for (let seed = 1; seed <= PHOTOS_PER_PRODUCT; seed += 1) {
    const path = join(folder, `${seed}.jpg`);
    if (!(await Bun.file(path).exists())) await Bun.write(path, await photoOfAbout(megabytes * 1e6, seed));
    const bytes = await Bun.file(path).bytes();
    photos.push({ path, sizeBytes: bytes.length, sha256: sha256OfBytes(bytes) });
  }
  return photos;
}
