import { describe, expect, test } from 'bun:test';
import { backupTargetOf } from './derive';
import { loadSettings } from './load';

describe('the target of backups', () => {
  test('is none, a folder, or a bucket with an endpoint and keys of its own', () => {
    expect(backupTargetOf(loadSettings({}))).toBeNull();
    expect(backupTargetOf(loadSettings({ BACKUP_DIR: '/backups' }))).toEqual({ folder: '/backups' });
    const target = backupTargetOf(
      loadSettings({
        S3_BUCKET_NAME: 'images',
        S3_ENDPOINT_URL: 'http://store.example:9000',
        S3_ACCESS_KEY_ID: 'of the store',
        S3_SECRET_ACCESS_KEY: 'secret of the store',
        CORS_ORIGINS: 'https://shop.example',
        BACKUP_S3_BUCKET_NAME: 'backups',
        BACKUP_S3_ENDPOINT_URL: 'http://elsewhere.example:9000',
        BACKUP_S3_REGION: 'eu-west-1',
        BACKUP_S3_ACCESS_KEY_ID: 'of the backups',
        BACKUP_S3_SECRET_ACCESS_KEY: 'secret of the backups',
      }),
    );
    expect(target).toMatchObject({
      s3: {
        bucket: 'backups',
        endpoint: 'http://elsewhere.example:9000',
        region: 'eu-west-1',
        accessKeyId: 'of the backups',
        secretAccessKey: 'secret of the backups',
      },
    });
    // pages have no business there
    expect(target).not.toHaveProperty('s3.corsOrigins');
    expect(JSON.stringify(target)).not.toContain('of the store');
  });
});
