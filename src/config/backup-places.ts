import { resolve, sep } from 'node:path';
import type { Settings } from './load';

/**
 * What removes objects without a row, and whoever empties the bucket, would take the backups with it.
 * @param images `TARGET_`: where a migration takes the images to, and the server is to look for them afterwards
 */
export function isBackupAmongImages(loaded: Settings, images: '' | 'TARGET_' = ''): boolean {
  return (
    loaded.BACKUP_S3_BUCKET_NAME !== undefined &&
    loaded.BACKUP_S3_BUCKET_NAME === loaded[`${images}S3_BUCKET_NAME`] &&
    serverOf(loaded.BACKUP_S3_ENDPOINT_URL) === serverOf(loaded[`${images}S3_ENDPOINT_URL`])
  );
}

/** A folder of this name in DATA_DIR, whatever stands for it; where a bucket goes before it, it is not used. */
export function isBackupAmongData({ BACKUP_S3_BUCKET_NAME, BACKUP_DIR, DATA_DIR }: Settings): boolean {
  if (BACKUP_S3_BUCKET_NAME !== undefined || BACKUP_DIR === undefined) return false;
  return (resolve(BACKUP_DIR) + sep).startsWith(resolve(DATA_DIR) + sep);
}

/** However the endpoint is written. At Amazon a name is given once over all regions, and absent means Amazon. */
function serverOf(endpoint: string | undefined): string {
  if (endpoint === undefined) return 'amazon';
  const { hostname, port, protocol, pathname } = new URL(endpoint);
  if (/(^|\.)amazonaws\.com(\.cn)?$/.test(hostname)) return 'amazon';
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}${pathname.replace(/\/+$/, '')}`;
}
