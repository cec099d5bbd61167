import { expect, test } from 'bun:test';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import { s3Server } from '../support/s3-servers';
import { freshPrefix, keyUnder } from './object-samples';
import { objectStoreContract } from './object-store';
import { inSeconds } from './proves-signed-gets';
import { s3ConfigFor, s3Harness } from './s3-harness';

const server = await s3Server('versitygw');
if (server) {
  objectStoreContract('versitygw', () => s3Harness(server), 'networked');

  test('an S3 store that refuses what was not signed, as versitygw and Amazon do, is not sent what only other stores need', async () => {
    const store = new S3Store({ config: s3ConfigFor(server) });
    const declared = { contentType: 'image/jpeg', sizeBytes: 5, sha256: sha256OfBytes('bytes') };
    const times = { issuedAt: inSeconds(0), expiresAt: inSeconds(60) };
    const headers = () =>
      Object.keys(store.signPut({ key: keyUnder(freshPrefix(), 'a.jpg'), ...declared, ...times }).headers).sort();
    const bound = ['content-type', 'if-none-match', 'x-amz-checksum-sha256'];
    await store.prepare();
    expect(headers()).toEqual(bound);
  });
} else test.skip('object store on versitygw', () => undefined);
