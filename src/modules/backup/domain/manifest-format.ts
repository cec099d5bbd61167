import type { Manifest } from './manifest';

/** How a manifest is written down. */
export interface ManifestFormat {
  write(manifest: Manifest): string;
  /** @throws BackupDamaged for anything but the whole of it, NewerBackup */
  read(text: string): Manifest;
}
