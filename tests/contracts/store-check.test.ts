import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { progressBar } from '../../src/cli/progress-bar';
import { COMMANDS } from '../../src/cli/run-command';
import { loadSettings } from '../../src/config/load';
import type { StoreFinding } from '../../src/modules/storage/application/store-check/finding';
import { s3Server } from '../support/s3-servers';
import { s3Environment, startTestServer, type TestServer } from '../support/server';

const PAGE = 'http://shop.example:8080';
/** As it may stand in CORS_ORIGINS. */
const WRITTEN = 'HTTP://Shop.Example:8080/';
const ELSEWHERE = 'https://elsewhere.example';
const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');

const problems = (findings: readonly StoreFinding[]) => findings.filter(({ problem }) => problem !== null);

describe.each([
  ['the disk store', true, true, () => ({})],
  // its rules are of the whole server, and by default let every page in
  ['MinIO', minio !== null, false, () => (minio ? s3Environment(minio) : {})],
  ['versitygw', versitygw !== null, true, () => (versitygw ? s3Environment(versitygw) : {})],
] as const)('a check of %s', (_name, isThere, hasRules, environment) => {
  const promise = isThere ? test : test.skip;
  let server: TestServer;
  beforeAll(async () => {
    if (isThere) server = await startTestServer({ ...environment(), CORS_ORIGINS: WRITTEN });
  });
  afterAll(async () => {
    await server?.stop();
  });

  promise('finds that all is kept, for pages of CORS_ORIGINS too, and leaves no object', async () => {
    const findings = await server.container.storage.check([PAGE]);
    expect(problems(findings)).toEqual([]);
    expect(findings.map(({ promise }) => promise)).toEqual([
      'answers',
      'answers at its public address',
      'takes bytes by a signed URL',
      'gives them back',
      'gives nothing to who has no signature',
      'writes a key once',
      'refuses bytes of another checksum',
      'takes a signed request for nothing else',
      'tells the sha-256 of what it holds',
      'copies within itself, and keeps the sha-256',
      'has nothing left of what was deleted',
      'signs URLs that live as long as they are asked to',
      `lets pages of ${PAGE} send photos`,
      `lets pages of ${PAGE} read photos`,
    ]);
    expect(await server.keys()).toEqual([]);
    expect(await server.db.sql("select state from intents where kind = 'upload'")).toEqual([{ state: 'open' }]);
  });

  promise('names pages that are not let in', async () => {
    const found = problems(await server.container.storage.check([ELSEWHERE]));
    expect(found.map(({ promise }) => promise)).toEqual(
      hasRules ? [`lets pages of ${ELSEWHERE} send photos`, `lets pages of ${ELSEWHERE} read photos`] : [],
    );
    for (const { problem } of found) expect(problem).toContain('the origin is not allowed');
  });

  promise('is what `cli store check` prints', async () => {
    const lines: string[] = [];
    const settings = loadSettings({ CORS_ORIGINS: WRITTEN });
    const input = {
      settings,
      words: [],
      options: {},
      flags: new Set<string>(),
      print: (line: string) => lines.push(line),
      progress: progressBar(null),
      concerns: () => undefined,
    };
    await COMMANDS['store check']?.run(input, server.container);
    expect(lines[0]).toBe('ok       The store answers.');
    expect(lines.filter((line) => !line.startsWith('ok'))).toEqual([]);
    if (!hasRules) return;
    const wrong = { ...input, settings: loadSettings({ CORS_ORIGINS: `${WRITTEN},${ELSEWHERE}` }) };
    await expect(COMMANDS['store check']?.run(wrong, server.container)).rejects.toThrow('2 of 16 are missing.');
    expect(lines.at(-1)).toStartWith(
      `MISSING  The store lets pages of ${ELSEWHERE} read photos: the origin is not allowed`,
    );
  });
});
