import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../../kernel/app-error';
import type { ObjectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import { type CheckStoreDeps, checkStore } from './check-store';

const NOW = new Date('2026-01-01T00:00:00.400Z');
const promised = { longestUrlSeconds: 3600 };

const signed =
  (method: string) =>
  ({ key, ...times }: { key: string; expiresAt: Date; issuedAt: Date }) => ({
    method: 'PUT' as const,
    url: `https://store.example/${key}?signature=${method}${times.expiresAt.getTime()}`,
    headers: { 'content-type': 'image/jpeg', 'if-none-match': '*' },
    expiresAt: times.expiresAt,
  });

/** A store that answers everything with what the test says. */
function checked(answer: (url: string, init: RequestInit) => Response, change: Partial<CheckStoreDeps['store']> = {}) {
  const deleted: string[] = [];
  const opened: object[] = [];
  const store = {
    kind: 's3' as const,
    bucket: 'images',
    check: async () => undefined,
    signGet: (request: Parameters<ReturnType<typeof signed>>[0]) => signed('GET')(request).url,
    signPut: signed('PUT'),
    deleteMany: async (keys: readonly string[]) => void deleted.push(...keys),
    signsUntil: () => null,
    head: async () => null,
    copy: async () => undefined,
    ...change,
  };
  const journal = { open: async (intent: object) => void opened.push(intent) };
  const ask = async (url: string, init: RequestInit) => answer(url, init);
  const run = checkStore({ store, journal, ask, clock: () => NOW, promised });
  return { run, deleted, opened };
}

const found = async (check: ReturnType<typeof checked>, origins: readonly string[] = []) =>
  Object.fromEntries((await check.run(origins)).map(({ promise, problem }) => [promise, problem]));

describe('a check', () => {
  test('of a store that takes and gives anything names every promise that it breaks', async () => {
    const check = checked(() => new Response('anything'));
    expect(await found(check)).toEqual({
      answers: null,
      'answers at its public address': null,
      'takes bytes by a signed URL': null,
      'gives them back': 'other bytes came back',
      'gives nothing to who has no signature': 'the bucket is public: make it private',
      'writes a key once': 'other bytes took its place: it ignores If-None-Match',
      'refuses bytes of another checksum': 'it took them: it ignores x-amz-checksum-sha256',
      'takes a signed request for nothing else': null,
      'tells the sha-256 of what it holds': 'it tells none, or another: it ignores x-amz-checksum-mode',
      'copies within itself, and keeps the sha-256': null,
      'has nothing left of what was deleted': 'a signed URL of it answers 200, not 404',
      'signs URLs that live as long as they are asked to': null,
    });
  });

  test('of a store that refuses everything says with which status', async () => {
    const check = checked(() => new Response('no', { status: 403 }));
    expect(await found(check)).toMatchObject({
      'takes bytes by a signed URL': expect.stringContaining('answered 403'),
    });
  });

  test('journals its keys before it writes, and deletes them whatever happens', async () => {
    const check = checked((_url, { method }) => {
      if (method === 'PUT') throw new Error('connection lost');
      return new Response();
    });
    expect(await found(check)).toMatchObject({ 'takes bytes by a signed URL': 'connection lost' });
    expect(check.opened).toEqual([
      expect.objectContaining({ kind: 'upload', putExpiresAt: new Date('2026-01-01T00:01:00Z') }),
    ]);
    const { prefix } = check.opened[0] as { prefix: string };
    expect(check.deleted.map((key) => key.startsWith(prefix))).toEqual([true, true, true, true]);
  });

  test('of a store that neither copies nor deletes says what it answered', async () => {
    const refused = new AppError('STORAGE_UNAVAILABLE', undefined, {
      cause: new Error('the store answered 403 Denied'),
    });
    const refusing = () => Promise.reject(refused);
    const there = { sizeBytes: 24, sha256: sha256OfBytes('these bytes are no photo') };
    const head = async (key: ObjectKey) => ({ ...there, key, contentType: null, lastModified: NOW });
    expect(await found(checked(() => new Response(), { copy: refusing, head }))).toMatchObject({
      // what it tells of every key is the digest of the first
      'takes a signed request for nothing else': expect.stringContaining('it copied another object'),
      'tells the sha-256 of what it holds': null,
      'copies within itself, and keeps the sha-256': expect.stringContaining('(the store answered 403 Denied)'),
      'has nothing left of what was deleted': 'it still has it',
    });
    expect(await found(checked(() => new Response(), { deleteMany: refusing }))).toMatchObject({
      'has nothing left of what was deleted': expect.stringContaining('403 Denied'),
    });
  });

  test('goes no further where the store does not answer', async () => {
    const check = checked(() => new Response(), { check: () => Promise.reject(new Error('no such bucket')) });
    expect(await found(check, ['https://shop.example'])).toEqual({ answers: 'no such bucket' });
    expect(check.opened).toEqual([]);
    const away = checked(() => {
      throw new Error('connection refused');
    });
    expect(await found(away)).toEqual({
      answers: null,
      'answers at its public address': 'nothing answers at https://store.example: look at S3_PUBLIC_ENDPOINT_URL',
    });
    expect(away.opened).toEqual([]);
  });
});

test('a session too short for the longest URL is a warning, and one that is long enough is not', async () => {
  const until = (seconds: number) => ({ signsUntil: () => new Date(NOW.getTime() + seconds * 1000) });
  const warnings = async (seconds: number) =>
    (await checked(() => new Response(), until(seconds)).run([])).filter(
      (one) => one.isWarning && one.problem !== null,
    );
  expect(await warnings(7190)).toEqual([]);
  expect(await warnings(3600)).toMatchObject([{ problem: expect.stringContaining('ends in 3600 s') }]);
  expect(await warnings(3600)).toMatchObject([{ problem: expect.stringContaining('let it last 7200 s or more') }]);
});

describe('for pages of an origin, a check', () => {
  const page = 'https://shop.example';
  const allowing = (headers: Record<string, string>, status = 204) =>
    found(
      checked(() => new Response(null, { status, headers })),
      [page],
    );
  const [sends, reads] = [`lets pages of ${page} send photos`, `lets pages of ${page} read photos`];

  test('is content with exactly what is needed', async () => {
    const exact = {
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'If-None-Match,Content-Type,If-Range,Range',
    };
    expect(await allowing(exact)).toMatchObject({ [sends]: null, [reads]: null });
  });

  test('names what is missing, and what to do', async () => {
    const origin = { 'access-control-allow-origin': '*' };
    const methods = { 'access-control-allow-methods': 'PUT' };
    expect((await allowing({}))[reads]).toContain('the origin is not allowed (status 204); give the bucket the rules');
    expect((await allowing({ 'access-control-allow-origin': 'https://other.example' }))[reads]).toContain('origin');
    expect((await allowing({ ...origin }, 403))[reads]).toContain('status 403');
    expect(await allowing(origin)).toMatchObject({
      [sends]: expect.stringContaining('method PUT'),
      [reads]: expect.stringContaining('headers are not allowed: if-none-match, if-range, range'),
    });
    const some = { ...origin, ...methods, 'access-control-allow-headers': 'content-type' };
    expect((await allowing(some))[sends]).toContain('headers are not allowed: if-none-match');
  });

  test('takes any page where any is let in', async () => {
    const asked: string[] = [];
    const check = checked((_url, init) => {
      if (init.method === 'OPTIONS') asked.push(new Headers(init.headers).get('origin') ?? '');
      return new Response();
    });
    await check.run(['*']);
    expect(asked).toEqual(['https://any-page.example', 'https://any-page.example']);
  });
});
