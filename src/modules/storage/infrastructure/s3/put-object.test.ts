import { afterAll, beforeAll, expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import type { ObjectHead } from '../../domain/object-store';
import { KeyNotUsable, ObjectExists } from '../../domain/store-errors';
import { CurrentCredentials } from './credentials';
import { putObject } from './put-object';
import { S3Signer } from './s3-signer';

const path = join(tmpdir(), `test-put-object-${Bun.randomUUIDv7()}`);
const file = { path, sizeBytes: 5, sha256: sha256OfBytes('bytes') };
const key = objectKey('a/b.jpg');
beforeAll(() => Bun.write(path, 'bytes'));
afterAll(() => rm(path, { force: true }));

const BROKEN = [500, 'InternalError'] as const;
const IN_THE_WAY = [409, 'ExistingObjectIsDirectory'] as const;
type Answer = typeof BROKEN | typeof IN_THE_WAY | 'stored';

/** A store that answers every PUT as it is told, the last answer again and again, and says by HEAD what it is told to hold. */
async function putToFailingStore(held: Partial<ObjectHead> | null, ...answers: Answer[]) {
  let puts = 0;
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      await request.arrayBuffer();
      const answer = answers[puts] ?? answers.at(-1) ?? BROKEN;
      puts += 1;
      if (answer === 'stored') return new Response();
      return new Response(`<Error><Code>${answer[1]}</Code></Error>`, { status: answer[0] });
    },
  });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const config = { bucket: 'photos', region: 'us-east-1', endpoint, forcePathStyle: true, retries: 2, timeoutMs: 1000 };
  const signer = new S3Signer(
    config,
    new CurrentCredentials(async () => ({ accessKeyId: 'id', secretAccessKey: 's' })),
  );
  const head = { key, sizeBytes: 5, sha256: file.sha256, contentType: 'image/jpeg', lastModified: new Date() };
  const headOnce = async () => held && { ...head, ...held };
  const error = await putObject({ config, signer, headOnce }, { key, file, contentType: 'image/jpeg' }).catch((e) => e);
  await server.stop(true);
  return { error, puts };
}

test('a put whose bytes arrived although its answer did not is not sent again', async () => {
  expect(await putToFailingStore({})).toEqual({ error: undefined, puts: 1 });
});

test('a put that fails finds out whether the key holds other bytes', async () => {
  const { error, puts } = await putToFailingStore({ sha256: sha256OfBytes('other') });
  expect(error).toBeInstanceOf(ObjectExists);
  expect(puts).toBe(1);
});

test('a put that fails and is not there is sent again, and not without end', async () => {
  const { error, puts } = await putToFailingStore(null);
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', cause: { status: 500, code: 'InternalError' } });
  expect(puts).toBe(3);
  expect(Bun.inspect(error)).not.toContain('Signature');
});

test('a folder that a deletion took from under a put is made again', async () => {
  expect(await putToFailingStore(null, IN_THE_WAY, IN_THE_WAY, 'stored')).toEqual({ error: undefined, puts: 3 });
});

test('an object that stands where a folder is needed stays there, however often it is tried', async () => {
  const { error, puts } = await putToFailingStore(null, IN_THE_WAY);
  expect(error).toBeInstanceOf(KeyNotUsable);
  expect(puts).toBe(3);
});
