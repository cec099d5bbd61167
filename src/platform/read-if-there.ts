import { readFile } from 'node:fs/promises';

/**
 * @returns null where there is no such file
 * @throws what else read(2) and open(2) fail with: a file that can't be read is not one that is missing
 */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
