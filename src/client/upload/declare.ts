import { sha256Of } from './sha256';
import { UploadFailed } from './upload-failed';

/** One image as `uploads.start` takes it. */
export interface Declaration {
  readonly file_name?: string;
  readonly content_type: string;
  readonly file_size_bytes: number;
  readonly sha256: string;
  readonly is_primary?: boolean;
}

const SIGNATURES = [
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
] as const;

/**
 * Reads the files one after the other: no more than one of them is in memory.
 * @throws UploadFailed INVALID_IMAGE of those that are empty: the server would refuse the announcement and name none; `signal.reason`
 */
export async function declare(
  files: readonly Blob[],
  primaryIndex: number | undefined,
  signal: AbortSignal,
): Promise<Declaration[]> {
  const declared: Declaration[] = [];
  refuseEmpty(files);
  for (const [index, file] of files.entries()) {
    signal.throwIfAborted();
    declared.push({
      ...nameOf(file),
      content_type: await typeOf(file),
      file_size_bytes: file.size,
      sha256: await sha256Of(file),
      ...(index === primaryIndex ? { is_primary: true } : {}),
    });
  }
  return declared;
}

function refuseEmpty(files: readonly Blob[]): void {
  const problems = [...files.entries()]
    .filter(([, { size }]) => size === 0)
    .map(([index]) => ({ index, problem: 'INVALID_IMAGE', message: 'The file is empty, or is not there.' }));
  if (problems.length > 0) throw new UploadFailed(problems);
}

/** A file on disk has its path for a name, in Bun; whoever uploads it does not want to tell where it lies. */
function nameOf(file: Blob): { file_name?: string } {
  const name = (file as Partial<File>).name?.split(/[\\/]/).at(-1);
  return name ? { file_name: name } : {};
}

/** By the bytes, as the server judges it: the type of a File is only guessed from its name. */
async function typeOf(file: Blob): Promise<string> {
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  const known = SIGNATURES.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte));
  return known?.[0] ?? (file.type.slice(0, 100) || 'application/octet-stream');
}
