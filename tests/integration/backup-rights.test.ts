import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import { s3ConfigFor } from '../contracts/s3-harness';
import { type BackupKit, backupKit, instead } from '../support/backup-kit';
import type { S3Server } from '../support/s3-server-kinds';
import { s3Server } from '../support/s3-servers';

// The rights of docs/backup-runbooks.md, "Ransom": keys that may not delete, on a bucket with object lock.

const server = await s3Server('minio');
if (server) rightsOn(server);
else test.skip('backups by keys that may not delete', () => undefined);

function rightsOn(server: S3Server): void {
  const config = s3ConfigFor(server);
  const client = new S3Client({ ...server, credentials: server, forcePathStyle: true });
  const Bucket = config.bucket;

  /** The bucket as keys see it that the page tells to give to whoever makes backups. */
  function targetOfCreators(): S3Store {
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [`arn:aws:s3:::${Bucket}`] },
        { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: [`arn:aws:s3:::${Bucket}/*`] },
      ],
    });
    const provider = fromTemporaryCredentials({
      masterCredentials: server,
      params: { RoleArn: 'arn:aws:iam::123456789012:role/backup', RoleSessionName: 'backup', Policy },
      clientConfig: { endpoint: server.endpoint, region: server.region },
    });
    return new S3Store({ config, provider });
  }

  describe('backups by keys that may not delete, on a bucket with object lock', () => {
    let kit: BackupKit;
    let seller: Seller;
    let target: S3Store;

    beforeAll(async () => {
      await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
      const Rule = { DefaultRetention: { Mode: 'COMPLIANCE' as const, Days: 1 } };
      const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const, Rule };
      await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
      kit = await backupKit({ targetS3: config });
      seller = await kit.seller();
      target = targetOfCreators();
      await target.prepare();
    }, 60_000);
    afterAll(() => kit.stop());

    test('are made one after the other, read, and leave to prune what they could not delete', async () => {
      await kit.aProduct(seller);
      const first = await kit.backup({ target });
      await kit.aProduct(seller, 3);
      const second = await kit.backup({ target });
      expect(second.objects.sent.count).toBeGreaterThan(0);
      for (const { backupId: id } of [first, second])
        expect((await kit.parts({ target }).verify({ id, share: 1 })).outcome).toBe('ok');
      const isLeft = (key: ObjectKey) => key.endsWith('manifest.pending') || key.startsWith('lease/clock/');
      const left = (await kit.targetKeys()).filter(isLeft);
      expect(left.length).toBeGreaterThanOrEqual(2);
      await expect(target.deleteMany(left)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      const inTwoDays = instead(kit.target, {
        async *list(prefix, after) {
          for await (const object of kit.target.list(prefix, after))
            yield object.key.startsWith('lease/chain/')
              ? object
              : { ...object, lastModified: new Date(object.lastModified.getTime() - 2 * 86_400_000) };
        },
      });
      await kit.parts({ target: inTwoDays }).prune(false);
      expect((await kit.targetKeys()).filter(isLeft)).toEqual([]);
    }, 120_000);

    test('outlive whoever deletes everything with any keys: what hides them is removed, and they are whole', async () => {
      const { backupId: id } = await kit.backup({ target });
      await kit.target.deleteMany(await kit.targetKeys());
      expect(await kit.parts().listed()).toEqual([]);
      const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      const remove = ({ Key, VersionId }: { Key?: string | undefined; VersionId?: string | undefined }) =>
        client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
      const [manifest] = Versions.filter(({ Key }) => Key === `backups/${id}/manifest`);
      await expect(remove(manifest!)).rejects.toThrow(/WORM|Access Denied|lock/i);
      for (const marker of DeleteMarkers.filter(({ IsLatest }) => IsLatest)) await remove(marker);
      expect((await kit.parts().listed()).at(-1)?.id).toBe(id);
      expect((await kit.parts().verify({ id, share: 1 })).outcome).toBe('ok');
    }, 60_000);
  });
}
