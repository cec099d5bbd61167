import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { credentialsProvider } from '../../src/modules/storage/infrastructure/s3/credentials';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import type { S3Server } from '../support/s3-server-kinds';
import { s3Server } from '../support/s3-servers';
import { freshPrefix, keyUnder, listAll, sampleFiles } from './object-samples';
import { inSeconds } from './proves-signed-gets';
import { s3ConfigFor } from './s3-harness';

const server = await s3Server('minio');
if (server) keylessOn(server);
else test.skip('an S3 store without keys in its configuration', () => undefined);

/** Temporary keys of MinIO's own STS, whose session token it checks, handed out as a container's role does. */
function roleEndpoint(server: S3Server) {
  const { accessKeyId, secretAccessKey, endpoint, region } = server;
  let lifetimeMs = 15 * 60_000;
  const given: string[] = [];
  const http = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch() {
      const keys = await fromTemporaryCredentials({
        masterCredentials: { accessKeyId, secretAccessKey },
        params: { RoleArn: 'arn:aws:iam::123456789012:role/test', RoleSessionName: 'test', DurationSeconds: 900 },
        clientConfig: { endpoint, region },
      })();
      given.push(keys.accessKeyId);
      return Response.json({
        AccessKeyId: keys.accessKeyId,
        SecretAccessKey: keys.secretAccessKey,
        Token: keys.sessionToken,
        Expiration: new Date(Date.now() + lifetimeMs).toISOString(),
      });
    },
  });
  return {
    url: `http://127.0.0.1:${http.port}/role`,
    given,
    setLifetime: (ms: number) => {
      lifetimeMs = ms;
    },
    stop: () => http.stop(true),
  };
}

/** Nothing of the machine that runs the tests may answer in the role's place. */
const NO_OTHER_SOURCE = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_SESSION_TOKEN: undefined,
  AWS_PROFILE: undefined,
  AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

function setEnvironment(values: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

function keylessOn(server: S3Server): void {
  describe('an S3 store without keys in its configuration', () => {
    const role = roleEndpoint(server);
    const { accessKeyId: _id, secretAccessKey: _secret, ...config } = s3ConfigFor(server);
    const before = { ...NO_OTHER_SOURCE, AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined };
    let samples: Awaited<ReturnType<typeof sampleFiles>>;

    let isOver = false;
    /** As without a provider of its own; but afterwards its timer asks the chain no more, whose refusals would be other tests' failures. */
    const keylessStore = () => {
      const chain = credentialsProvider(config);
      const provider = async () => (isOver ? { accessKeyId: '', secretAccessKey: '' } : chain());
      return new S3Store({ config, provider });
    };

    beforeAll(async () => {
      for (const name of Object.keys(before)) Object.assign(before, { [name]: process.env[name] });
      setEnvironment(NO_OTHER_SOURCE);
      samples = await sampleFiles();
    });
    afterAll(async () => {
      isOver = true;
      setEnvironment(before);
      role.stop();
      await samples.remove();
    });

    async function worksWithItsUrls(store: S3Store): Promise<URL> {
      const key = keyUnder(freshPrefix(), 'ñandú +.jpg');
      await store.put(key, await samples.of('by a role'), 'image/jpeg');
      expect((await store.head(key))?.sizeBytes).toBe(9);
      const url = store.signGet({ key, issuedAt: inSeconds(0), expiresAt: inSeconds(60) });
      expect(await (await fetch(url)).text()).toBe('by a role');
      const tampered = url.replace(/(X-Amz-Security-Token=.{20})./, '$1x');
      if (tampered !== url) expect((await fetch(tampered)).status).toBeOneOf([400, 403]);
      await store.deleteMany([key]);
      expect(await listAll(store, freshPrefix())).toEqual([]);
      return new URL(url);
    }

    test('works with the keys of the environment', async () => {
      setEnvironment({ AWS_ACCESS_KEY_ID: server.accessKeyId, AWS_SECRET_ACCESS_KEY: server.secretAccessKey });
      const store = keylessStore();
      await store.prepare();
      const url = await worksWithItsUrls(store);
      expect(url.searchParams.has('X-Amz-Security-Token')).toBe(false);
      setEnvironment({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined });
    });

    test('works with a role whose session token is signed, and goes on with the next keys when they end', async () => {
      setEnvironment({ AWS_CONTAINER_CREDENTIALS_FULL_URI: role.url });
      role.setLifetime(3000);
      const store = keylessStore();
      await store.prepare();
      const first = await worksWithItsUrls(store);
      expect(first.searchParams.has('X-Amz-Security-Token')).toBe(true);
      role.setLifetime(15 * 60_000);
      await Bun.sleep(3500);
      const second = await worksWithItsUrls(store);
      const keyOf = (url: URL) => url.searchParams.get('X-Amz-Credential')?.split('/')[0] ?? '';
      expect(keyOf(second)).not.toBe(keyOf(first));
      expect(role.given).toContain(keyOf(second));
      const body = await samples.of('by a role');
      const times = { issuedAt: inSeconds(0), expiresAt: inSeconds(3600) };
      const put = store.signPut({
        key: keyUnder(freshPrefix(), 'a.jpg'),
        contentType: 'image/jpeg',
        ...body,
        ...times,
      });
      expect(put.expiresAt).toEqual(store.signsUntil() as Date);
      expect(put.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 15 * 60_000);
    });

    test('says that it is not available where there is no role, without naming what it looked for', async () => {
      setEnvironment({ AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined });
      const store = keylessStore();
      const error = await store.prepare().catch((thrown) => thrown);
      expect(error).toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        message: 'The object store does not answer; see Retry-After.',
      });
    });
  });
}
