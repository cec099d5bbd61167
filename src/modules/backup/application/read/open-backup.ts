import type { Sha256 } from '../../../../kernel/sha256';
import { type BackedObject, type BlobName, objectOfLine } from '../../domain/backed-object';
import {
  BackupDamaged,
  BackupLacks,
  BackupUnreadable,
  NewerBackup,
  NoSuchBackup,
  WrongBackupKey,
} from '../../domain/backup-faults';
import type { Bytes, Codec } from '../../domain/codec';
import { type BackupId, blobKey, fileOf, MANIFEST, VOID } from '../../domain/layout';
import type { Manifest, SegmentedLines } from '../../domain/manifest';
import type { ManifestFormat } from '../../domain/manifest-format';
import type { TargetStore } from '../../domain/target-store';
import { linesOf, openStored, plainBytes, type ReadDeps } from './segments';

export interface OpenDeps extends ReadDeps {
  readonly target: Pick<TargetStore, 'get' | 'head'>;
  readonly codec: ReadDeps['codec'] & Pick<Codec, 'nameOf' | 'namingOf'>;
  readonly manifests: ManifestFormat;
}

/** A backup as it is read: by verify, restore and drill alike. Everything that is read is compared with the manifest. */
export interface OpenBackup {
  readonly manifest: Manifest;
  /**
   * The rows of a table as COPY … FROM STDIN (text format) takes them. It throws at its end, too, where what came is not what was
   * written: load it in a transaction. @throws TypeError for a table that the backup does not have
   */
  rows(table: string): AsyncIterable<Uint8Array>;
  /** Every object that the snapshot names, in constant memory. @throws BackupDamaged, while it is read */
  objects(): AsyncIterable<BackedObject>;
  /** Those of them that the backup does not have: they were missing or damaged when it was made. */
  absent(): AsyncIterable<BackedObject>;
  /** How this backup names what has these bytes, listed in it or not: objects are shared by all that were made with one identity. */
  naming(): Promise<(sha256: Sha256) => BlobName>;
  /** The object's bytes, compared with its sha-256 at their end. @throws BackupDamaged, also while it is read */
  open(object: BackedObject): Promise<AsyncIterable<Uint8Array>>;
}

/** @throws NoSuchBackup, BackupUnreadable */
export const openBackup =
  (deps: OpenDeps) =>
  async (id: BackupId): Promise<OpenBackup> => {
    const manifest = await readManifest(deps, id);
    return {
      manifest,
      rows(table) {
        const dump = manifest.tables.find(({ name }) => name === table);
        if (!dump) throw new TypeError(`the backup has no table ${table}`);
        return plainBytes(deps, dump);
      },
      objects: () => objectsOf(deps, manifest.objects.list),
      absent: () => objectsOf(deps, manifest.objects.absent),
      naming: () => namingOf(deps, manifest),
      open: async (object) =>
        checked(object, deps.codec.unseal(await openStored(deps, blobKey(object.name)), object.key)),
    };
  };

/** @throws NoSuchBackup, BackupUnreadable */
export async function readManifest(deps: OpenDeps, id: BackupId): Promise<Manifest> {
  const key = fileOf(id, MANIFEST);
  const stored = await openStored(deps, key).catch((error) => {
    throw error instanceof BackupLacks ? new NoSuchBackup(id) : error;
  });
  try {
    const manifest = deps.manifests.read(await textOf(deps.codec.unseal(stored, key)));
    if (manifest.backupId !== id) throw new BackupDamaged(key, 'is that of another backup');
    if (await deps.target.head(fileOf(id, VOID))) throw new NoSuchBackup(id);
    return manifest;
  } catch (error) {
    const isUnreadable = [BackupDamaged, WrongBackupKey, NewerBackup].some((type) => error instanceof type);
    throw isUnreadable && error instanceof Error ? new BackupUnreadable(id, error) : error;
  }
}

async function textOf(bytes: Bytes): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of bytes) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

async function namingOf(deps: OpenDeps, { objects: { list } }: Manifest): Promise<(sha256: Sha256) => BlobName> {
  for await (const object of objectsOf(deps, list)) {
    const naming = deps.codec.namingOf(object);
    if (naming) return naming;
    throw new WrongBackupKey();
  }
  return deps.codec.nameOf;
}

async function* objectsOf(deps: ReadDeps, lines: SegmentedLines): AsyncGenerator<BackedObject> {
  for await (const line of linesOf(plainBytes(deps, lines))) yield parsed(line);
}

/** Lines are given out before their file's digest is known: one that is none says as much. */
function parsed(line: string): BackedObject {
  try {
    return objectOfLine(line);
  } catch {
    throw new BackupDamaged('a list of objects', 'has a line that is none');
  }
}

async function* checked({ key, sha256, sizeBytes }: BackedObject, bytes: Bytes): AsyncGenerator<Uint8Array> {
  const hasher = new Bun.CryptoHasher('sha256');
  let size = 0;
  for await (const chunk of bytes) {
    hasher.update(chunk);
    size += chunk.byteLength;
    yield chunk;
  }
  const isSame = hasher.digest('hex') === sha256 && (sizeBytes === null || size === sizeBytes);
  if (!isSame) throw new BackupDamaged(key, 'does not have its sha-256');
}
