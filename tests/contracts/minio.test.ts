import { test } from 'bun:test';
import { s3Server } from '../support/s3-servers';
import { objectStoreContract } from './object-store';
import { s3Harness } from './s3-harness';

const server = await s3Server('minio');
if (server) objectStoreContract('minio', () => s3Harness(server), 'networked');
else test.skip('object store on minio', () => undefined);
